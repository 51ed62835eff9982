"""A Dask cluster makes the bytes of one process, and loses no shard with a worker."""

import os
import signal
import subprocess
import sys

import pytest
from small import command, content, environment, small_recipe, started, wait_until

from fluorosynth.dataset.dask_engine import Dask
from fluorosynth.dataset.generation import generate
from fluorosynth.errors import UsageError

CLUSTER = """
import os, sys
from distributed import Client, LocalCluster

if __name__ == "__main__":
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster, Client(cluster) as client:
        print(cluster.scheduler_address, *client.run(os.getpid).values(), flush=True)
        sys.stdin.read()
"""
LINE = ["generate", "--n", "1200", "--shard-size", "60", "--size", "64", "--workers", "1"]


@pytest.fixture
def cluster(tmp_path):
    """Address of the scheduler and process numbers of its two workers."""
    script = tmp_path / "cluster.py"
    script.write_text(CLUSTER)
    variables = {k: v for k, v in environment().items() if k != "PYTHONWARNINGS"}
    with subprocess.Popen(
        [sys.executable, script], env=variables, cwd=tmp_path,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        address, *pids = process.stdout.readline().split()
        yield address, [int(pid) for pid in pids]
        process.stdin.close()
        process.wait(60)


def test_a_killed_worker_costs_its_shard_alone(cluster, tmp_path):
    address, workers = cluster
    assert len(set(workers)) == 2
    variables = {k: v for k, v in environment().items() if k != "PYTHONWARNINGS"}
    out = tmp_path / "set"
    line = [*LINE, "--out", "set", "--engine", "dask", "--scheduler", address]  # relative: of here
    with started(*line, env=variables, cwd=tmp_path) as run:
        wait_until(lambda: len(list(out.glob("shard-*.h5"))) >= 2, 90)
        os.kill(workers[0], signal.SIGKILL)
        _, said = run.communicate(timeout=200)
    assert run.returncode == 0, said
    assert "1200/1200" in said
    one = command(*LINE, "--out", tmp_path / "one", "--quiet")
    assert one.returncode == 0, one.stderr
    assert content(out) == content(tmp_path / "one")
    assert not [path for path in out.iterdir() if path.suffix in (".part", ".claim")]


def test_no_scheduler_is_a_sentence(tmp_path):
    recipe = small_recipe(tmp_path)
    with pytest.raises(UsageError, match="no Dask scheduler at 'nowhere'"):
        generate(recipe, tmp_path / "set", 2, engine=Dask("nowhere"))
    with pytest.raises(UsageError, match="seen by this process alone"):
        generate(recipe, "memory://a/set", 2, engine=Dask("nowhere"))


def test_both_options_or_none(tmp_path):
    line = ["generate", "--n", "2", "--out", tmp_path / "set"]
    for words in (["--engine", "dask"], ["--scheduler", "tcp://127.0.0.1:1"]):
        done = command(*line, *words)
        assert done.returncode == 2
        assert "--engine dask and --scheduler ADDRESS go together" in done.stderr
