"""Two processes on the CPU train as one does."""

import csv
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from makers import Lines
from small import ROOT, environment

from fluorosynth.errors import UsageError
from fluorosynth.learn.training.config import TrainConfig
from fluorosynth.learn.training.parallel import join
from fluorosynth.learn.training.train import train

CONFIG = TrainConfig(
    network="light_plain",
    epochs=2,
    batch_size=8,
    seed=3,
    validation=0.3,
    checkpoint_every=1,
    precision="fp32",  # where the device has bf16, batches of other sizes round apart
)
SCRIPT = """
import sys, torch
from pathlib import Path
torch.set_num_threads(1)
from makers import Lines
from small import ROOT, environment
from test_parallel import CONFIG
from fluorosynth.learn.training.train import train
train(Lines(19, 16), CONFIG, sys.argv[1], quiet=True)
threads = [comm.read_text() for comm in Path("/proc/self/task").glob("*/comm")]
assert not any("gloo" in name for name in threads), f"Python ends before {threads}"
"""


def metrics(run):
    with (run / "metrics.csv").open() as handle:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(handle)]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"WORLD_SIZE": "2"}, "RANK ''"),
        ({"WORLD_SIZE": "two"}, "WORLD_SIZE is 'two'"),
        ({"WORLD_SIZE": "2", "RANK": "0", "MASTER_PORT": "1"}, "MASTER_ADDR ''"),
        ({"WORLD_SIZE": "2", "RANK": "x", "MASTER_PORT": "1"}, "RANK 'x'"),
    ],
)
def test_an_environment_that_no_launcher_made_is_named(monkeypatch, variables, said):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=said), join("cpu"):
        pass


@pytest.mark.parametrize("world", ["", "1"])
def test_one_process_needs_no_launcher(monkeypatch, world):
    monkeypatch.setenv("WORLD_SIZE", world)
    with join("cpu") as process:
        assert (process.rank, process.world) == (0, 1)


def test_a_process_that_waits_for_the_others_says_so():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    alone = "from fluorosynth.learn.training.parallel import join\nwith join('cpu'): pass"
    with subprocess.Popen(
        [sys.executable, "-W", "default", "-c", alone], text=True, stderr=subprocess.PIPE,
        env={**environment(), **place, "WORLD_SIZE": "2", "RANK": "0"},
    ) as process:  # fmt: skip
        said = next(line for line in process.stderr if "waits" in line)
        process.kill()
    assert f"process 0 of 2 waits for the others at 127.0.0.1:{port}" in said


def test_two_processes_have_the_loss_of_one_with_the_same_global_batch(tmp_path):
    variables = {
        **environment(ROOT / "tests/support", Path(__file__).parent),
        "OMP_NUM_THREADS": "1",
    }
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    launch = ["torch.distributed.run", "--standalone", "--nproc-per-node=2", "--no-python"]
    done = subprocess.run(
        [sys.executable, "-m", *launch, sys.executable, str(script), str(tmp_path / "two")],
        env=variables, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    train(Lines(19, 16), CONFIG, tmp_path / "one", quiet=True)
    one, two = metrics(tmp_path / "one"), metrics(tmp_path / "two")
    for a, b in zip(one, two, strict=True):
        assert b["train_loss"] == pytest.approx(a["train_loss"], rel=1e-4)
        assert b["train_dice"] == pytest.approx(a["train_dice"], abs=2e-3)
        assert b["validation_loss"] == pytest.approx(a["validation_loss"], rel=1e-3)
    weights = [
        torch.load(tmp_path / run / "last.pt", weights_only=True)["weights"]
        for run in ("one", "two")
    ]
    for key, value in weights[0].items():
        if "running_var" in key:  # of the global batch, not of half of it
            torch.testing.assert_close(weights[1][key], value, rtol=1e-2, atol=1e-4)
    # the number of processes is no part of a run: another one goes on with it, or finds it done
    before = (tmp_path / "two/metrics.csv").read_text()
    assert train(Lines(19, 16), CONFIG, tmp_path / "two", quiet=True).epoch in (1, 2)
    assert (tmp_path / "two/metrics.csv").read_text() == before
