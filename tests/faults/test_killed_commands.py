"""SIGKILL at random moments; then the same command again, compared with a run never killed."""

import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from faults_table import TRIES, row
from faulty_commands import commands, refused, tree, unlike
from forked import kill_at, run, start, wait

pytestmark = pytest.mark.slow


def empty(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()


@pytest.mark.parametrize("name", commands(Path(), Path()))
def test_killed(given, tmp_path, name):
    folder, log = tmp_path / "f", tmp_path / "log"
    lines = commands(given, folder)[name]
    empty(folder)
    started = time.monotonic()
    code, said = run(lines, log)
    seconds = time.monotonic() - started
    assert code == 0, said
    whole, count = tree(folder), row(f"`{name}`", "SIGKILL, then again")
    rng, faults = np.random.default_rng(len(name)), []
    for number in range(TRIES):
        empty(folder)
        kill_at(lines, log, rng.uniform(0, seconds), group=bool(number % 2))
        code, said = run(lines, log)
        if code == 0 and not unlike(folder, whole):
            count.same += 1
        elif refused(code, said):
            count.refused += 1
        else:
            count.lost += 1
            faults.append(f"{code}: {unlike(folder, whole)} {said[-500:]}")
    assert count.lost == 0, faults


def children(process):
    """Return the processes that a process began."""
    try:
        text = Path(f"/proc/{process}/task/{process}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in text.split()]


def test_a_worker_killed(given, tmp_path):
    folder, log = tmp_path / "f", tmp_path / "log"
    lines = commands(given, folder)["generate --workers 2"]
    empty(folder)
    assert run(lines, log)[0] == 0
    whole, count = tree(folder), row("`generate --workers 2`", "a worker killed, then again")
    rng, faults = np.random.default_rng(0), []
    for _ in range(TRIES):
        empty(folder)
        process = start(lines, log)
        end = time.monotonic() + 60
        while not (workers := children(process)) and time.monotonic() < end:
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.1))
        for worker in children(process)[:1]:
            os.kill(worker, signal.SIGKILL)
        code = wait(process)
        said = log.read_text()
        ended = code == 0 or (code == 4 and "run the same command" in said)
        if workers and ended and run(lines, log)[0] == 0 and not unlike(folder, whole):
            count.same += 1
        else:
            count.lost += 1
            faults.append(f"{code}: {said[-500:]}")
    assert count.lost == 0, faults
