"""From nothing to a measured network, by command line alone."""

import json
from pathlib import Path

import pytest
import torch
from fluorosynth_cli.main import main

from fluorosynth.learn.checkpoint import Model, save_model
from fluorosynth.learn.data import Normalisation
from fluorosynth.learn.networks import build


def fluorosynth(*words):
    main([str(word) for word in words])


def dice(data: Path, model: Path, out: Path, *options) -> float:
    """Evaluate by command; return the mean Dice over images at the model's threshold."""
    fluorosynth("evaluate", data, "--model", model, "--out", out, "--quiet", *options)
    results = json.loads((out / "summary.json").read_text())["results"]
    return next(r["over_images"]["dice"] for r in results if r["what"] == "best of validation")


def learn(folder: Path, n: int, *options) -> Path:
    """Generate, train by the quick profile, and return the run folder."""
    fluorosynth("generate", "--n", n, "--out", folder / "data", "--quiet")
    fluorosynth("generate", "--n", 20, "--seed", 1, "--out", folder / "held-out", "--quiet")
    run = folder / "run"
    fluorosynth("train", folder / "data", "--out", run, "--quick", "--quiet", *options)
    return run


def test_a_short_quick_run_learns(tmp_path):
    run = learn(tmp_path, 220, "--crop", 96, "--epochs", 4, "--warmup", 5)
    torch.manual_seed(0)
    untrained = Model(build("light_plain"), Normalisation(128.0, 50.0), threshold=0.3)
    save_model(tmp_path / "untrained.pt", untrained)
    before = dice(
        tmp_path / "held-out", tmp_path / "untrained.pt", tmp_path / "before", "--limit", 5
    )
    assert before < 0.1
    assert dice(tmp_path / "held-out", run, tmp_path / "after") > 0.5


@pytest.mark.slow
def test_the_quick_profile_reaches_point_9(tmp_path):
    run = learn(tmp_path, 1500)
    assert dice(tmp_path / "held-out", run, tmp_path / "after") > 0.9
