"""SIGKILL at random moments of a run on a Dask cluster: of the command, or of a worker."""

import os
import shutil
import signal
import time

import numpy as np
import pytest
from dask_cluster import cluster
from faults_table import TRIES, row
from faulty_commands import GENERATE, tree, unlike
from forked import kill_at, run, start, wait

pytestmark = pytest.mark.slow


def kill_a_worker(workers, lines, log, moment):
    """Run command lines, kill a worker meanwhile; return how they ended, what they said."""
    victim = workers.workers()[0]
    process = start(lines, log)
    time.sleep(moment)
    os.kill(victim, signal.SIGKILL)
    return wait(process), log.read_text()


@pytest.mark.parametrize("whom", ["the command", "a worker"])
def test_killed_on_a_cluster(tmp_path, whom):
    import distributed  # noqa: F401 - what is forked has it

    folder, log = tmp_path / "f", tmp_path / "log"
    one = [[*GENERATE, "--out", folder / "out"]]
    count = row("`generate --engine dask`", f"SIGKILL of {whom} at a random moment, then again")
    rng, faults = np.random.default_rng(0), []

    def empty():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()

    empty()
    assert run(one, log)[0] == 0
    whole = tree(folder)
    with cluster(tmp_path) as workers:
        lines = [[*one[0], "--engine", "dask", "--scheduler", workers.address]]
        for _ in range(2):
            empty()
            workers.workers()
            started = time.monotonic()
            code, said = run(lines, log)
            seconds = time.monotonic() - started
            assert code == 0, said
        for number in range(TRIES):
            empty()
            moment = seconds * (number + rng.random()) / TRIES
            code, said = 4, "run the same command"
            if whom == "a worker":
                code, said = kill_a_worker(workers, lines, log, moment)
            else:
                while not kill_at(lines, log, moment, group=False):
                    moment *= 0.8
                    empty()
            fair = code == 0 or (code == 4 and "run the same command" in said)
            workers.workers()
            again, then = run(lines, log)
            if fair and again == 0 and not unlike(folder, whole):
                count.same += 1
            else:
                count.lost += 1
                faults.append(f"{moment}: {code} {said[-400:]} / {again} {then[-400:]}")
    assert not faults, "\n".join(faults)
