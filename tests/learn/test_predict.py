"""Prediction through the command: what lies in the folder belongs to the frames that went in."""

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from fluorosynth_cli.predict import command

from fluorosynth.learn.checkpoint import Model, save_model
from fluorosynth.learn.data.normalise import Normalisation
from fluorosynth.learn.fold import fold
from fluorosynth.learn.networks import build


@pytest.mark.parametrize("kind", ["light", "light_plain", "ambrosini"])
def test_the_folded_network_gives_the_same_maps(kind):
    torch.manual_seed(0)
    network = build(kind)
    for module in network.modules():  # statistics that folding must take into account
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
    network.eval()
    image = torch.randn(2, 1, 48, 64)
    with torch.no_grad():
        expected, found = network(image), fold(network)(image)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


@pytest.fixture
def model(tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "model.pt"
    save_model(path, Model(build("light_plain"), Normalisation(100.0, 40.0)))
    return path


def run(*arguments):
    return CliRunner().invoke(command, [str(a) for a in arguments])


def test_masks_keep_names_and_sizes(tmp_path, model):
    frames = tmp_path / "frames"
    frames.mkdir()
    sizes = {"a": (70, 90), "ü b": (64, 64)}
    for name, size in sizes.items():
        image = np.random.default_rng(0).integers(0, 255, size).astype(np.uint8)
        (frames / f"{name}.png").write_bytes(cv2.imencode(".png", image)[1].tobytes())
    out = tmp_path / "out"
    result = run(frames, "--model", model, "--out", out, "--size", 64, "--threshold", 0.5)
    assert result.exit_code == 0, (result.output, result.exception)
    assert "2 frames" in result.output
    masks = {p.stem: p for p in out.rglob("*.png") if "mask" in str(p.relative_to(out))}
    for name, size in sizes.items():
        path = next(p for stem, p in masks.items() if stem.startswith(name))
        mask = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
        assert mask.shape == size
        assert len(np.unique(mask)) <= 2


def test_a_run_gives_a_mask_for_every_frame(tmp_path, model):
    run_file = tmp_path / "run.npy"
    np.save(run_file, np.random.default_rng(1).integers(0, 255, (3, 64, 72)).astype(np.uint8))
    out = tmp_path / "out"
    result = run(run_file, "--model", model, "--out", out, "--no-overlays", "--threshold", 0.5)
    assert result.exit_code == 0, (result.output, result.exception)
    assert len([p for p in out.rglob("*.png") if "mask" in str(p.relative_to(out))]) == 3
