"""The model in the box on real frames without any instrument, by hand: not in the package.

    FLUOROSYNTH_CLEAR=FOLDER python -m pytest -m slow -n 0 tests/acceptance/test_silence.py

FOLDER holds frames of any format in which nobody sees a catheter or wire. docs/transfer.md has the
figures of ours.
"""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from fluorosynth.io.frames import read_frames
from fluorosynth.io.sources import find_sources
from fluorosynth.learn.checkpoint import load_model
from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.prediction.segment import SegmentConfig, segment

CLEAR = os.environ.get("FLUOROSYNTH_CLEAR")
MARKED, EMPTY = 0.2, 2 / 3  # % of the pixels at most, share of the frames at least


@pytest.fixture(scope="module")
def marked():
    """Return the share of pixels that `predict` marks in each frame, in %."""
    if not CLEAR or not Path(CLEAR).is_dir():
        pytest.skip("set FLUOROSYNTH_CLEAR to a folder of frames without instruments")
    inference = Inference(load_model("default", torch.device("cpu")), "cpu")
    config = SegmentConfig.of(inference.model)
    found = []
    for path in find_sources(CLEAR):
        for frame in read_frames(path):
            side = 256 / max(frame.image.shape)
            small = cv2.resize(frame.image, None, fx=side, fy=side, interpolation=cv2.INTER_AREA)
            found += [
                100 * result.mask.mean() for result in segment(small[None, None], inference, config)
            ]
    return np.array(found)


@pytest.mark.slow
def test_hardly_anything_is_marked(marked):
    assert marked.mean() <= MARKED


@pytest.mark.slow
def test_most_frames_are_left_empty(marked):
    assert (marked == 0).mean() >= EMPTY
