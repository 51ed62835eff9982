"""Commands in processes that begin at once: forked from here, where all is imported."""

import mmap
import os
import signal
import sys
import time
import traceback
import warnings
from pathlib import Path

from fluorosynth_cli.main import main

HUNG = 120  # s
CHANGES = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.truncate")


def start(lines, log: Path, prepare=None) -> int:
    """Begin to run command lines, one after the other while they succeed; return the process.

    ``prepare`` is called in it first.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.12 on forks beside threads
        process = os.fork()
    if process:
        return process
    code = 99
    try:
        os.setsid()
        sys.stdout = sys.stderr = log.open("w", buffering=1)
        if prepare:
            prepare()
        for line in lines:
            try:
                main([str(word) for word in line])
            except SystemExit as stop:
                code = stop.code or 0
            else:
                code = 0
            if code:
                break
    except BaseException:
        traceback.print_exc()
        code = 99
    finally:
        sys.stderr.flush()
        os._exit(code)


def wait(process: int) -> int | None:
    """Return how a process ended: its exit code, minus a signal, or None where it hung."""
    end = time.monotonic() + HUNG
    while time.monotonic() < end:
        found, status = os.waitpid(process, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return None


def run(lines, log: Path, prepare=None) -> tuple[int | None, str]:
    """Run command lines; return how they ended and what they said."""
    code = wait(start(lines, log, prepare))
    return code, log.read_text()


def kill_at(lines, log: Path, seconds: float, group: bool) -> bool:
    """Kill command lines after so many seconds; return whether they were still running."""
    process = start(lines, log)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if os.waitpid(process, os.WNOHANG)[0]:
            return False
        time.sleep(0.001)
    try:
        os.killpg(process, signal.SIGKILL) if group else os.kill(process, signal.SIGKILL)
    except ProcessLookupError:  # it has no group yet
        os.kill(process, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == -signal.SIGKILL


class Changes:
    """Counts what command lines change in the file system, and may kill them at one of these.

    Parameters
    ----------
    last
        Number of the change before which to kill, from 1; 0: none.
    group
        Whether all their processes are killed, or the one alone that was about to change something.
    """

    def __init__(self, last: int = 0, group: bool = False) -> None:
        self.last, self.group = last, group
        self.count = mmap.mmap(-1, 8)  # of all processes

    def __call__(self) -> None:
        sys.addaudithook(self._seen)

    def _seen(self, event: str, given: tuple) -> None:
        if event not in CHANGES and not (event == "open" and _writes(*given)):
            return
        number = int.from_bytes(self.count[:], "little") + 1
        self.count[:] = number.to_bytes(8, "little")
        if number == self.last:
            os.kill(0 if self.group else os.getpid(), signal.SIGKILL)

    @property
    def total(self) -> int:
        """How many there were."""
        return int.from_bytes(self.count[:], "little")


def _writes(path: object, mode: object, flags: int) -> bool:
    return isinstance(path, str | bytes | os.PathLike) and bool(flags & (os.O_WRONLY | os.O_RDWR))
