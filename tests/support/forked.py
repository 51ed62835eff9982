"""Commands in processes that begin at once: forked from here, where all is imported."""

import os
import signal
import sys
import time
import traceback
import warnings
from pathlib import Path

from fluorosynth_cli.main import main

HUNG = 120  # s


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
