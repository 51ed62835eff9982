"""The model in the box on labelled real frames, by hand: they are not in the package.

    FLUOROSYNTH_FRAMES=FRAMES python -m pytest -m slow -n 0 tests/acceptance/test_transfer.py

FRAMES holds ``name.png`` and ``name_mask.png``; names that match ``APART`` show no arteries full of
contrast. docs/transfer.md has the figures, and how the presets compare.
"""

import os
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pytest
import torch

from fluorosynth.learn.checkpoint import load_model
from fluorosynth.learn.data import open_pairs
from fluorosynth.learn.evaluate import evaluate, plain_predictor, prepare

FRAMES = os.environ.get("FLUOROSYNTH_FRAMES")
APART = "rf_*", "*frame05*"
GOALS = {  # Dice and clDice at least, false positives in % of the image at most
    "contrast phase": (0.55, 0.65, 0.5),
    "others": (0.72, 0.80, 0.5),
}


@pytest.fixture(scope="module")
def rows():
    if not FRAMES or not Path(FRAMES).is_dir():
        pytest.skip("set FLUOROSYNTH_FRAMES to a folder of labelled frames")
    model = load_model("default", torch.device("cpu"))
    pairs = prepare(open_pairs(FRAMES), model, 256)
    return evaluate(pairs, plain_predictor(model), {0.5: "half"}).rows


@pytest.mark.slow
@pytest.mark.parametrize("group", GOALS)
def test_a_single_pass_reaches_the_goals(rows, group):
    apart = [any(fnmatch(f"{row.sequence}{row.name}", p) for p in APART) for row in rows]
    chosen = [row.values for row, a in zip(rows, apart, strict=True) if a == (group == "others")]
    assert chosen
    dice, cldice, false = GOALS[group]
    means = {key: np.mean([values[key] for values in chosen]) for key in chosen[0]}
    assert means["dice"] >= dice
    assert means["cldice"] >= cldice
    assert means["fp_percent_of_image"] <= false
