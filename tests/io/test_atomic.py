"""Files that appear whole, though two processes write them at a time."""

import multiprocessing
import os
import signal
import time

import h5py
import pytest

from fluorosynth.errors import UsageError
from fluorosynth.io import atomic
from fluorosynth.io.atomic import replacing

FORK = multiprocessing.get_context("fork")
PIECES, TIMES = 40, 25


def write_slowly(path, letter):
    """Write a file again and again, in pieces: all of one letter."""
    for _ in range(TIMES):
        with replacing(path, sync=False) as part, part.open("w") as file:
            for _ in range(PIECES):
                file.write(letter * 100)
                file.flush()
                os.sched_yield()


def test_two_processes_write_one_file(tmp_path):
    path, seen = tmp_path / "labels.json", set()
    both = [FORK.Process(target=write_slowly, args=(path, letter)) for letter in "ab"]
    for process in both:
        process.start()
    while any(process.is_alive() for process in both):
        if path.exists():
            seen.add(path.read_text())
    for process in both:
        process.join()
    seen.add(path.read_text())
    assert [process.exitcode for process in both] == [0, 0]
    assert seen <= {letter * 100 * PIECES for letter in "ab"}
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def hold(path, begun):
    with replacing(path) as part:
        part.write_text("half")
        begun.set()
        time.sleep(60)


@pytest.fixture
def holder(tmp_path):
    """A process in the middle of writing a file."""
    begun = FORK.Event()
    process = FORK.Process(target=hold, args=(tmp_path / "a.json", begun))
    process.start()
    assert begun.wait(20)
    yield process
    process.kill()
    process.join()


def test_who_waits_in_vain_is_told(tmp_path, holder, monkeypatch):
    assert holder.is_alive()
    monkeypatch.setattr(atomic, "WAIT", 0.1)
    refused = pytest.raises(UsageError, match=r"another process is writing .*a\.json")
    with refused, replacing(tmp_path / "a.json"):
        pass
    assert not (tmp_path / "a.json").exists()
    assert (tmp_path / ".a.json.part").read_text() == "half"


def test_a_killed_process_keeps_nothing_locked(tmp_path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.join()
    with replacing(tmp_path / "a.json") as part:
        part.write_text("whole")
    assert [found.name for found in tmp_path.iterdir()] == ["a.json"]
    assert (tmp_path / "a.json").read_text() == "whole"


def test_hdf5_takes_its_own_lock(tmp_path):
    with replacing(tmp_path / "a.h5") as part, h5py.File(part, "w", locking=False) as file:
        file["x"] = [1, 2]
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["x"][:].tolist() == [1, 2]


def test_what_cannot_be_made_is_called_by_its_name(tmp_path):
    (tmp_path / ".a.json.part").mkdir()
    with pytest.raises(OSError, match="a directory") as refusal, replacing(tmp_path / "a.json"):
        pass
    assert refusal.value.filename == str(tmp_path / "a.json")
