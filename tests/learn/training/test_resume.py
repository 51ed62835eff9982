"""A run that is stopped and started again ends with the same weights, bit for bit."""

import dataclasses
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from makers import Lines
from small import ROOT, environment

from fluorosynth.errors import BadDataError, InterruptedRunError
from fluorosynth.learn.data import LabelledDataset
from fluorosynth.learn.training.config import TrainConfig
from fluorosynth.learn.training.resume import save
from fluorosynth.learn.training.train import train

CONFIG = TrainConfig(
    network="light_plain", epochs=2, batch_size=4, seed=3, validation=0.2, checkpoint_every=2
)


class Stop(LabelledDataset):
    """Data whose k-th reading is Ctrl-C."""

    def __init__(self, pairs, after):
        self.pairs, self.left, self.fingerprint = pairs, after, pairs.fingerprint

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        return self.pairs[index]


def outcome(run):
    """Return weights, and metrics but for the seconds."""
    weights = [
        torch.load(run / name, weights_only=True)["weights"] for name in ("last.pt", "best.pt")
    ]
    return weights, [
        line.rpartition(",")[0] for line in (run / "metrics.csv").read_text().splitlines()
    ]


def assert_same(one, other):
    for a, b in zip(one[0], other[0], strict=True):
        assert a.keys() == b.keys()
        assert all(torch.equal(a[key], b[key]) for key in a)
    assert one[1] == other[1]


@pytest.mark.parametrize(
    ("changes", "stops"),
    [
        # 18 readings to begin with, then 16 to train on and 4 to validate on in each epoch
        ({}, (1, 25, 36, 41, 50)),
        ({"ema": 0.9, "schedule": "cosine", "crop": 16}, (30, 48)),
        ({"network": "ambrosini", "epochs": 1}, (30,)),  # noise and dropout
    ],
    ids=["plain", "everything", "dropout"],
)
def test_stopped_anywhere(tmp_path, changes, stops):
    config, lines = dataclasses.replace(CONFIG, **changes), Lines(20, 16)
    train(lines, config, tmp_path / "whole", quiet=True)
    whole = outcome(tmp_path / "whole")
    for stop in stops:
        run = tmp_path / f"stop{stop}"
        for after in (stop, 3):  # and once more soon after
            with pytest.raises(InterruptedRunError, match="goes on from"):
                train(Stop(lines, after), config, run, quiet=True)
        train(lines, config, run, quiet=True)
        assert_same(outcome(run), whole)


SCRIPT = """
import sys, torch
torch.set_num_threads(1)
from makers import Lines
from small import ROOT, environment
from test_resume import CONFIG
from fluorosynth.learn.training.train import train
import dataclasses
train(Lines(20, 16), dataclasses.replace(CONFIG, epochs=6), sys.argv[1], quiet=True)
"""


def test_killed_without_warning(tmp_path):
    variables = environment(ROOT / "tests/support", Path(__file__).parent)
    run = tmp_path / "killed"
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(run)], env=variables)
    while not (run / "overlays" / "epoch-002.png").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    config, lines = dataclasses.replace(CONFIG, epochs=6), Lines(20, 16)
    train(lines, config, run, quiet=True)
    assert "resumed at epoch" in (run / "log.txt").read_text()
    train(lines, config, tmp_path / "whole", quiet=True)
    assert_same(outcome(run), outcome(tmp_path / "whole"))


def test_killed_right_after_the_last_checkpoint(tmp_path, monkeypatch):
    def save_and_end(*given):
        save(*given)
        if given[0].epoch == CONFIG.epochs:
            raise KeyboardInterrupt

    lines = Lines(20, 16)
    monkeypatch.setattr("fluorosynth.learn.training.train.save", save_and_end)
    with pytest.raises(InterruptedRunError):
        train(lines, CONFIG, tmp_path / "run", quiet=True)
    monkeypatch.undo()
    train(lines, CONFIG, tmp_path / "run", quiet=True)
    pictures = sorted(path.name for path in (tmp_path / "run/overlays").iterdir())
    assert pictures == ["epoch-001.png", "epoch-002.png"]
    assert len((tmp_path / "run/metrics.csv").read_text().splitlines()) == 3


def test_a_state_that_no_run_wrote_is_refused(tmp_path):
    lines, run = Lines(10, 16), tmp_path / "run"
    config = dataclasses.replace(CONFIG, epochs=1, ema=0.9)
    train(lines, config, run, quiet=True)
    whole = torch.load(run / "last.pt", weights_only=True)
    ill = [
        ("epoch", -1), ("epoch", 3), ("step", "2"), ("sums", torch.zeros(2)), ("history", "[{}]"),
        ("history", "["), ("config", "7"), ("before", "{}"), ("average", {}), ("optimiser", None),
        ("optimiser", {"state": {0: {"step": 1}}, "param_groups": []}),
    ]  # fmt: skip
    for key, value in ill:
        torch.save({**whole, "training": {**whole["training"], key: value}}, run / "last.pt")
        with pytest.raises(BadDataError, match=r"last\.pt .*move it away, and the same command"):
            train(lines, config, run, quiet=True)
    (run / "last.pt").rename(tmp_path / "away")
    train(lines, config, run, quiet=True)
