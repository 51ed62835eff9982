"""Tasks on worker processes that stop when told to and die with their parent."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from typing import Any

from fluorosynth.dataset.engine import Engine, Progress, Task, raised
from fluorosynth.errors import FluorosynthError, InterruptedRunError


@dataclass(frozen=True)
class Processes(Engine):
    """See ``Engine``.

    Parameters
    ----------
    workers
        Number of processes; 1 runs the tasks here.
    fork
        Whether they may be forked, which is quick: not where threads hold connections.
    """

    workers: int = 1
    fork: bool = True

    @property
    def elsewhere(self) -> bool:
        """Whether tasks run in other folders: no."""
        return False

    def run(self, task: Task, numbers: list[int], report: Progress) -> dict[int, str]:
        """Run tasks in processes, which inherit ``task`` where they can be forked."""
        workers = min(self.workers, max(len(numbers), 1))
        return run_tasks(task, numbers, workers, report, self.fork)


def run_tasks(
    task: Task, numbers: list[int], workers: int, report: Progress, fork: bool = True
) -> dict[int, str]:
    """Return ``task(number, tick)`` for all numbers, on ``workers`` processes.

    Parameters
    ----------
    task
        Calls ``tick(count)`` as it gets on. It is inherited by forked workers, pickled to others.
    numbers
        Numbers of the tasks, in any order.
    workers
        Number of processes; 1 runs the tasks here.
    report
        Called with the sum of new ticks a few times a second.
    fork
        Whether processes may be forked.

    Raises
    ------
    InterruptedRunError
        When a worker is killed. Whatever a task raises comes out as it is.
    """
    if workers == 1:
        return {number: task(number, report) for number in numbers}
    forks = fork and "fork" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if forks else "spawn")
    stop, done = context.Event(), context.Value("q", 0)
    pool = ProcessPoolExecutor(workers, context, _start_worker, (task, stop, done, not forks))
    try:
        with _no_threads():
            futures = {pool.submit(_work, number): number for number in numbers}
        return _drain(futures, done, report)
    except BrokenProcessPool:
        raise InterruptedRunError(
            "a worker process was killed (out of memory?); run the same command to go on, "
            "with fewer `workers` if memory was short"
        ) from None
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _no_threads() -> Iterator[None]:
    """Stop OpenCV's threads while forking: a fork copies none of them, but waits for them."""
    import cv2

    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)


def _drain(
    futures: dict[Future[str | FluorosynthError], int], done: Any, report: Progress
) -> dict[int, str]:
    """Wait for all, reporting as samples come; a worker's exception is raised here."""
    seen, pending = 0, set(futures)
    while pending:
        finished, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
        total = done.value
        report(total - seen)
        seen = total
        for future in finished:
            raised(future.result())
    return {number: raised(future.result()) for future, number in futures.items()}


_worker: dict[str, Any] = {}  # of a worker process: its task, the stop flag, the counter


def _start_worker(task: Task, stop: Event, done: Any, anew: bool) -> None:
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    cv2.setNumThreads(1)
    if anew:
        warnings.showwarning = _show  # type: ignore[assignment]  # of all it gets, the message
    _worker.update(task=task, stop=stop, done=done)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _show(message: Warning | str, *_: object) -> None:
    """Print a warning as a sentence: how the parent shows it is not known here."""
    sys.stderr.write(f"Warning: {message}\n")


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(number: int) -> str | FluorosynthError:
    try:
        result: str = _worker["task"](number, _tick)
    except FluorosynthError as error:
        if error.__cause__ is not None:  # somebody's bug: what is raised brings its traceback along
            raise
        return error
    return result


def _tick(count: int) -> None:
    if _worker["stop"].is_set():
        raise KeyboardInterrupt
    with _worker["done"].get_lock():
        _worker["done"].value += count
