"""A Dask cluster makes the bytes of one process, and loses no shard with a worker."""

import itertools
import os
import signal
import threading
import warnings

import pytest
from dask_cluster import cluster
from object_server import objects, pointed_to, served
from small import command, content, environment, small_recipe, started, wait_until

from fluorosynth.dataset.dask_engine import Dask
from fluorosynth.dataset.generation import generate
from fluorosynth.errors import BadDataError, DataWarning, UsageError

LINE = ["generate", "--n", "1200", "--shard-size", "60", "--size", "64", "--workers", "1"]


def run_while_a_worker_is_killed(workers, out, begun, where):
    """Run the command on a cluster, kill a worker when ``begun()``; return what was said."""
    variables = {k: v for k, v in environment().items() if k != "PYTHONWARNINGS"}
    line = [*LINE, "--out", out, "--engine", "dask", "--scheduler", workers.address]
    first = workers.workers()
    assert len(set(first)) == 2
    with started(*line, env=variables, cwd=where) as run:
        wait_until(begun, 90)
        os.kill(first[0], signal.SIGKILL)
        _, said = run.communicate(timeout=200)
    assert run.returncode == 0, said
    assert "1200/1200" in said


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """The same set, made by one process."""
    out = tmp_path_factory.mktemp("one") / "set"
    made = command(*LINE, "--out", out, "--quiet")
    assert made.returncode == 0, made.stderr
    return content(out)


def test_a_killed_worker_costs_its_shard_alone(one, tmp_path):
    out = tmp_path / "set"  # named "set", relative: of here
    with cluster(tmp_path) as workers:
        begun = lambda: len(list(out.glob("shard-*.h5"))) >= 2  # noqa: E731
        run_while_a_worker_is_killed(workers, "set", begun, tmp_path)
    assert content(out) == one
    assert not [path for path in out.iterdir() if path.suffix in (".part", ".claim")]


def test_a_killed_worker_that_writes_to_object_storage(one, tmp_path):
    with served() as port, pointed_to(port), cluster(tmp_path) as workers:

        def begun():
            return len([name for name in objects("set") if name.endswith(".h5")]) >= 2

        run_while_a_worker_is_killed(workers, "s3://sets/set", begun, tmp_path)
        assert {k: v for k, v in objects("set").items() if not k.startswith(".")} == one


def test_a_scheduler_that_goes_away_stops_the_run_and_the_same_command_goes_on(one, tmp_path):
    variables = {k: v for k, v in environment().items() if k != "PYTHONWARNINGS"}
    line, out = [*LINE, "--out", "set", "--engine", "dask", "--scheduler"], tmp_path / "set"
    with cluster(tmp_path) as workers:
        with started(*line, workers.address, env=variables, cwd=tmp_path) as run:
            wait_until(lambda: len(list(out.glob("shard-*.h5"))) >= 2, 90)
            workers.process.kill()
            _, said = run.communicate(timeout=120)
        assert run.returncode == 4, said
        assert f"Error: the Dask scheduler {workers.address} or its workers went away" in said
        assert "Traceback" not in said
    assert not (out / "dataset.json").exists()
    with (
        cluster(tmp_path) as workers,
        started(*line, workers.address, env=variables, cwd=tmp_path) as again,
    ):
        _, said = again.communicate(timeout=120)
    assert again.returncode == 0, said
    assert content(out) == one


def test_a_scheduler_that_stands_still_is_said_to(tmp_path):
    variables = {k: v for k, v in environment().items() if k != "PYTHONWARNINGS"}
    line = [*LINE, "--n", "6000", "--out", "set", "--engine", "dask", "--scheduler"]
    with cluster(tmp_path) as workers:
        assert len(workers.workers()) == 2
        with started(*line, workers.address, env=variables, cwd=tmp_path) as run:
            wait_until(lambda: list((tmp_path / "set").glob("shard-*.h5")), 90)
            workers.process.send_signal(signal.SIGSTOP)
            try:
                said = next(text for text in run.stderr if "which does not answer" in text)
            finally:
                workers.process.send_signal(signal.SIGCONT)
            _, rest = run.communicate(timeout=120)
        assert run.returncode == 0, rest
    assert f"waiting for the Dask scheduler {workers.address}, which does not answer" in said


@pytest.mark.parametrize("late", [False, True], ids=["from the start", "later"])
def test_a_worker_that_lacks_the_package_is_named(tmp_path, late):
    """It kept its shards, and the run stood still."""
    recipe, lacks = small_recipe(tmp_path), tmp_path / "fluorosynth.py"
    with cluster(tmp_path, workers=int(late)) as workers:
        first = workers.workers(1) if late else None
        lacks.write_text("raise ModuleNotFoundError('No module named fluorosynth')")
        if not late:
            workers.workers(1)
        calls = itertools.count()

        def joined(_):
            if first and next(calls) == 1:
                assert len(workers.workers(2)) == 2

        with pytest.raises(BadDataError, match=r"cannot load .* No module named fluorosynth"):
            generate(recipe, tmp_path / "set", 5000, 0, 1, 1, progress=joined,
                     engine=Dask(workers.address))  # fmt: skip


def test_a_cluster_without_workers_is_waited_for_and_said(tmp_path):
    """All of them killed, or still in the queue of a cluster: the run goes on with the next."""
    recipe, out = small_recipe(tmp_path), tmp_path / "set"
    with cluster(tmp_path, workers=0) as workers, warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", DataWarning)

        def come():
            wait_until(lambda: said)
            workers.workers(1)

        coming = threading.Thread(target=come)
        coming.start()
        made = generate(recipe, out, 4, shard_size=2, engine=Dask(workers.address))
        coming.join()
    assert str(said[0].message) == f"waiting for a worker: {workers.address} has none"
    assert made.made == 4
    generate(recipe, tmp_path / "here", 4, shard_size=2)
    assert content(out) == content(tmp_path / "here")


def test_no_scheduler_is_a_sentence(tmp_path):
    recipe = small_recipe(tmp_path)
    with pytest.raises(UsageError, match="no Dask scheduler at 'nowhere'"):
        generate(recipe, tmp_path / "set", 2, engine=Dask("nowhere"))
    for address, reason in (("", "no address"), ("http://x", "unknown address scheme 'http'")):
        with pytest.raises(UsageError, match=f"no Dask scheduler at '{address}': {reason}"):
            generate(recipe, tmp_path / "set", 2, engine=Dask(address))
    with pytest.raises(UsageError, match="seen by this process alone"):
        generate(recipe, "memory://a/set", 2, engine=Dask("nowhere"))


def test_both_options_or_none(tmp_path):
    line = ["generate", "--n", "2", "--out", tmp_path / "set"]
    for words in (["--engine", "dask"], ["--scheduler", "tcp://127.0.0.1:1"]):
        done = command(*line, *words)
        assert done.returncode == 2
        assert "--engine dask and --scheduler ADDRESS go together" in done.stderr
