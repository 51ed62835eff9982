"""A bone-white copy of the same frames gives the same masks and figures with `invert`."""

import cv2
import numpy as np
import pytest
from makers import picture

from fluorosynth.learn.data import Inverted, measure_normalisation, open_dataset
from fluorosynth.learn.prediction.predict import predict
from fluorosynth.learn.prediction.segment import SegmentConfig


@pytest.fixture
def both(tmp_path):
    """Labelled frames as they should be, and the same bone-white."""
    for kind in ("right", "white"):
        (tmp_path / kind).mkdir()
        for i in range(3):
            image, mask = picture(i)
            image = 255 - image if kind == "white" else image
            cv2.imwrite(str(tmp_path / kind / f"{i}.png"), image)
            cv2.imwrite(str(tmp_path / kind / f"{i}_mask.png"), mask * 255)
    return tmp_path


def test_labelled_frames(both):
    right, white = open_dataset(both / "right"), Inverted(open_dataset(both / "white"))
    for one, other in zip(right, white, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])
    assert white.fingerprint not in (right.fingerprint, white.pairs.fingerprint)
    assert measure_normalisation(white) == measure_normalisation(right)


def test_predictions(both, trained):
    for kind in ("right", "white"):
        where = both / kind
        predict(where, trained, both / f"of {kind}", SegmentConfig(size=64), invert=kind == "white")
    for i in range(3):
        for what in ("masks", "overlays"):
            one, other = (both / f"of {k}/{what}/{i}.png" for k in ("right", "white"))
            assert one.read_bytes() == other.read_bytes()
