"""SIGKILL at random moments; then the same command again, compared with a run never killed."""

import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from faults_table import TRIES, row
from faulty_commands import commands, half, refused, tree, unlike
from forked import Changes, kill_at, run, start, wait

pytestmark = pytest.mark.slow


def empty(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()


def once(lines, folder, log):
    """Run command lines where nothing is wrong; return what they wrote."""
    empty(folder)
    code, said = run(lines, log)
    assert code == 0, said
    return tree(folder)


def go_on(lines, folder, log, whole, count):
    """Run them again after a kill; count how it ended, and return what was wrong."""
    left = sorted(tree(folder))
    code, said = run(lines, log)
    if code == 0 and not unlike(folder, whole):
        count.same += 1
        return []
    if refused(code, said):
        count.refused += 1
    else:
        count.lost += 1
    return [f"{code}: {unlike(folder, whole)} {said[-500:]} of {left}"]


@pytest.mark.parametrize("name", commands(Path(), Path()))
def test_killed(given, tmp_path, name):
    folder, log = tmp_path / "f", tmp_path / "log"
    lines = commands(given, folder)[name]
    whole = once(lines, folder, log)
    started = time.monotonic()
    once(lines, folder, log)
    seconds = time.monotonic() - started
    count, faults = row(f"`{name}`", "SIGKILL at a random moment, then again"), []
    rng = np.random.default_rng(len(name))
    for number in range(TRIES):  # over the whole time, evenly
        empty(folder)
        moment = seconds * (number + rng.random()) / TRIES
        while not kill_at(lines, log, moment, group=bool(number % 2)):
            moment *= 0.8  # it had ended
            empty(folder)
        assert not half(folder, whole), f"after {moment:.3f} s"
        faults += go_on(lines, folder, log, whole, count)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("name", commands(Path(), Path()))
def test_killed_before_a_change_of_a_file(given, tmp_path, name):
    folder, log = tmp_path / "f", tmp_path / "log"
    lines = commands(given, folder)[name]
    whole = once(lines, folder, log)
    empty(folder)
    all_of = Changes()
    assert run(lines, log, all_of)[0] == 0
    count, faults = row(f"`{name}`", "SIGKILL before a change of a file, then again"), []
    numbers = np.unique(np.linspace(1, all_of.total, TRIES).astype(int))
    for number in map(int, numbers):
        empty(folder)
        run(lines, log, Changes(number, group=bool(number % 2)))
        assert not half(folder, whole), f"{number} of {all_of.total}"
        found = go_on(lines, folder, log, whole, count)
        faults += [f"{number} of {all_of.total}, {text}" for text in found]
    assert not faults, "\n".join(faults)


def children(process):
    """Return the processes that a process began."""
    try:
        text = Path(f"/proc/{process}/task/{process}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in text.split()]


@pytest.mark.parametrize("name", ["generate", "train"])
def test_a_worker_killed(given, tmp_path, name):
    folder, log = tmp_path / "f", tmp_path / "log"
    lines = [[*commands(given, folder)[name][0], "--workers", 2]]
    whole = once(lines, folder, log)
    count = row(f"`{name} --workers 2`", "a worker killed, then again")
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
