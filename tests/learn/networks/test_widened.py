"""A network of several frames that begins as one of a single frame."""

import pytest
import torch
from small import fluorosynth

from fluorosynth.errors import UsageError
from fluorosynth.learn.checkpoint import load_model
from fluorosynth.learn.networks import build, networks
from fluorosynth.learn.networks.widened import widened


@pytest.mark.parametrize("kind", networks())
def test_it_says_what_the_newest_frames_say_whatever_was_before(kind):
    torch.manual_seed(1)
    narrow = build(kind, {"channels": 2}).eval()
    frames = torch.rand(1, 5, 64, 64)
    wide = widened(narrow, 5).eval()
    with torch.no_grad():
        known = narrow(frames[:, 3:])
        torch.testing.assert_close(wide(frames), known, rtol=1e-4, atol=1e-5)
        frames[:, :3] = torch.rand(1, 3, 64, 64)
        torch.testing.assert_close(wide(frames), known, rtol=1e-4, atol=1e-5)


def test_it_learns_to_use_the_frames_before():
    torch.manual_seed(1)
    wide = widened(build("light_deep"), 2).eval()
    before = torch.rand(1, 2, 64, 64)
    wide(before)[:, 0].sum().backward()
    first = next(wide.parameters())
    assert (first.grad[:, 0] != 0).any()


def test_fewer_frames_are_refused():
    with pytest.raises(UsageError, match="`channels` must be at least 4"):
        widened(build("light", {"channels": 4}), 3)


def test_finetune_makes_one_from_a_model_of_single_frames(tmp_path):
    moving, run = tmp_path / "moving", tmp_path / "run"
    common = "--size", "64", "--quiet"
    made = fluorosynth("generate", "--n", 6, "--frames", 4, *common, "--out", moving)
    assert made[0] == 0, made
    options = "--channels", 3, "--layers", "all", "--epochs", 1, "--size", 64, "--quiet"
    done = fluorosynth("finetune", moving, "--from", "default", *options, "--out", run)
    assert done[0] == 0, done
    assert load_model(run).network.channels == 3
