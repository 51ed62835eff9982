"""A recipe and a range of indices to shards: parallel, resumable, the same bytes every time."""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from fluorosynth.dataset import write_card
from fluorosynth.errors import (
    BadDataError,
    FluorosynthError,
    InterruptedRunError,
    SampleError,
    UsageError,
)
from fluorosynth.plan import Plan, missing
from fluorosynth.recipe import Recipe, Sampler
from fluorosynth.sample import Sample
from fluorosynth.shards import ShardInfo, file_digest, software, write_shard

Progress = Callable[[int], None]
SHARD_SIZE = 500
LOCK = ".lock"
_REPORT_EVERY = 32  # samples between two looks at the stop flag


@dataclass(frozen=True)
class Outcome:
    """What a run did: samples made now, samples in the set, its folder, files it left out."""

    made: int
    n: int
    out: Path
    skipped: tuple[str, ...] = ()


def generate(
    recipe: Recipe,
    out: str | Path,
    n: int,
    seed: int = 0,
    workers: int = 1,
    shard_size: int = SHARD_SIZE,
    compression: str | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Write samples 0 .. n - 1 of ``seed`` as shards in ``out``, or what is missing of them.

    Parameters
    ----------
    recipe
        What to make.
    out
        Folder, made if missing.
    n
        Number of samples, >= 1. Sample i does not depend on it.
    seed
        0 <= seed < 2**64.
    workers
        Processes. The bytes do not depend on them.
    shard_size
        Samples per file; the bytes of a sample do not depend on it.
    compression
        None (memory-mappable) or ``"gzip"`` (about a third of the size, ten times slower).
    progress
        Called with the number of samples finished since the last call; once with those that
        were there already.

    Raises
    ------
    UsageError
        When ``out`` holds another data set, or another run is writing to it.
    BadDataError
        When a source cannot be read, or the disk has too little room.
    SampleError
        When a stage fails: names the seed and the index that show it again.
    InterruptedRunError
        On Ctrl-C, SIGTERM or a full disk; the same call goes on.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> generate(Recipe.preset("paper"), folder, n=4).made
    4
    """
    plan = Plan(Path(out), n, shard_size, recipe.size)
    if workers < 1:
        raise UsageError(f"workers must be at least 1, not {workers}")
    sampler = recipe.open(seed)
    with _own(plan.out):
        text = recipe.to_toml()
        todo = missing(plan, text, seed, sampler.fingerprint)
        _check_room(plan, todo)
        job = _Job(plan, sampler, text, software(), compression)
        report = progress or (lambda _: None)
        made = sum(plan.span(number)[1] for number in todo)
        report(n - made)
        try:
            digests = _run(job, todo, min(workers, max(len(todo), 1)), report)
        except KeyboardInterrupt:
            raise InterruptedRunError(
                f"interrupted; what is complete stays in {plan.out}: run the same command to go on"
            ) from None
        except OSError as error:
            if error.errno == errno.ENOSPC or "No space left" in str(error):
                raise InterruptedRunError(
                    f"the disk of {plan.out} is full; free some room and run the same command again"
                ) from None
            raise BadDataError(f"cannot write to {plan.out}: {error}") from None
        write_card(plan, sampler, text, digests)
    return Outcome(made, n, plan.out, sampler.skipped)


@dataclass(frozen=True)
class _Job:
    plan: Plan
    sampler: Sampler
    recipe_text: str
    software: dict[str, str]
    compression: str | None

    def write(self, number: int, tick: Progress) -> str:
        """Write a shard and return its file's digest."""
        first, count = self.plan.span(number)
        sampler = self.sampler
        info = ShardInfo(
            self.recipe_text,
            sampler.seed,
            first,
            count,
            self.plan.size,
            sampler.fingerprint,
            self.software,
        )
        samples = _samples(sampler, first, count, tick)
        write_shard(self.plan.path(number), info, samples, self.compression)
        return file_digest(self.plan.path(number))


def _samples(sampler: Sampler, first: int, count: int, tick: Progress) -> Iterator[Sample]:
    for done, index in enumerate(range(first, first + count), 1):
        try:
            yield sampler.sample(index)
        except FluorosynthError as error:
            raise SampleError(sampler.seed, index, str(error)) from None
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise SampleError(sampler.seed, index, reason) from error
        if done % _REPORT_EVERY == 0 or done == count:
            tick(done % _REPORT_EVERY or _REPORT_EVERY)


def _run(job: _Job, todo: list[int], workers: int, report: Progress) -> dict[int, str]:
    """Write the shards ``todo`` and return their files' digests."""
    if workers == 1:
        return {number: job.write(number, report) for number in todo}
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    stop, done = context.Event(), context.Value("q", 0)
    pool = ProcessPoolExecutor(workers, context, _start_worker, (job, stop, done))
    try:
        return _drain({pool.submit(_work, number): number for number in todo}, done, report)
    except BrokenProcessPool:
        raise InterruptedRunError(
            "a worker process was killed (out of memory?); run the same command to go on, "
            "with fewer --workers if memory was short"
        ) from None
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


def _drain(futures: dict[Future[str], int], done: Any, report: Progress) -> dict[int, str]:
    """Wait for all, reporting as samples come; a worker's exception is raised here."""
    seen, pending = 0, set(futures)
    while pending:
        finished, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
        total = done.value
        report(total - seen)
        seen = total
        for future in finished:
            future.result()
    return {number: future.result() for future, number in futures.items()}


_worker: dict[str, Any] = {}  # of a worker process: its job, the stop flag, the counter


def _start_worker(job: _Job, stop: Event, done: Any) -> None:
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    cv2.setNumThreads(1)
    _worker.update(job=job, stop=stop, done=done)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(number: int) -> str:
    digest: str = _worker["job"].write(number, _tick)
    return digest


def _tick(count: int) -> None:
    if _worker["stop"].is_set():
        raise KeyboardInterrupt
    with _worker["done"].get_lock():
        _worker["done"].value += count


@contextmanager
def _own(out: Path) -> Iterator[None]:
    """Hold the folder against other runs, and clear what a killed one left half done."""
    from filelock import FileLock, Timeout

    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = FileLock(out / LOCK, timeout=1)
        lock.acquire()
    except Timeout:
        raise UsageError(
            f"another run is writing to {out}: wait for it, or use another --out"
        ) from None
    except OSError as error:
        raise BadDataError(f"cannot write to {out}: {error.strerror or error}") from None
    try:
        for part in out.glob(".*.part"):
            part.unlink(missing_ok=True)
        yield
    finally:
        lock.release()


def _check_room(plan: Plan, todo: list[int]) -> None:
    share = sum(plan.span(number)[1] for number in todo) / plan.n
    free, needed = shutil.disk_usage(plan.out).free, plan.bytes * share
    if needed > free:
        raise BadDataError(
            f"{plan.out} has {free / 1e9:.1f} GB free, {plan.n} samples of {plan.size} px take "
            f"{needed / 1e9:.1f} GB: lower --n or --size, or use another disk"
        )
