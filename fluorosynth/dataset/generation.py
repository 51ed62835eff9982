"""A recipe and a range of indices to shards: parallel, resumable, the same bytes every time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fluorosynth.dataset.manifest import write_card
from fluorosynth.dataset.plan import Plan, missing
from fluorosynth.dataset.workers import Progress, run_tasks
from fluorosynth.errors import (
    BadDataError,
    FluorosynthError,
    InterruptedRunError,
    SampleError,
    UsageError,
)
from fluorosynth.recipe import Recipe
from fluorosynth.sample import Sample
from fluorosynth.sampler import OpenRecipe
from fluorosynth.shards import FULL, ShardInfo, file_digest, software, write_shard

SHARD_SIZE = 500  # pictures
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
    shard_size: int | None = None,
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
        Samples per file; the bytes of a sample do not depend on it. By default so many that
        a file holds 500 pictures.
    compression
        None (memory-mappable) or ``"gzip"`` (about a third of the size, ten times slower).
    progress
        Called with the number of samples finished since the last call; once with those that
        were there already.

    Raises
    ------
    UsageError
        When ``out`` holds another data set or other files, or another run is writing to it.
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
    plan = plan_of(recipe, out, n, shard_size)
    if workers < 1:
        raise UsageError(f"workers must be at least 1, not {workers}")
    plan.check_room()
    sampler = recipe.open(seed)
    with _own(plan.out):
        text = recipe.to_toml()
        todo = missing(plan, text, seed, sampler.fingerprint)
        job = _Job(plan, sampler, text, software(), compression)
        report = progress or (lambda _: None)
        made = sum(plan.span(number)[1] for number in todo)
        report(n - made)
        with _said(plan.out):
            digests = run_tasks(job.write, todo, min(workers, max(len(todo), 1)), report)
            write_card(plan, sampler, text, digests)
    return Outcome(made, n, plan.out, sampler.skipped)


def plan_of(recipe: Recipe, out: str | Path, n: int, shard_size: int | None = None) -> Plan:
    """Return what ``generate`` will write."""
    if shard_size is None:
        shard_size = max(SHARD_SIZE // recipe.frames, 1)
    return Plan(Path(out), n, shard_size, recipe.size, recipe.frames)


@dataclass(frozen=True)
class _Job:
    plan: Plan
    sampler: OpenRecipe
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
            self.plan.frames,
        )
        samples = _samples(sampler, first, count, tick)
        write_shard(self.plan.path(number), info, samples, self.compression)
        return file_digest(self.plan.path(number))


def _samples(sampler: OpenRecipe, first: int, count: int, tick: Progress) -> Iterator[Sample]:
    for done, index in enumerate(range(first, first + count), 1):
        try:
            yield from sampler.sequence(index)
        except FluorosynthError as error:
            raise SampleError(sampler.seed, index, str(error)) from None
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise SampleError(sampler.seed, index, reason) from error
        if done % _REPORT_EVERY == 0 or done == count:
            tick(done % _REPORT_EVERY or _REPORT_EVERY)


@contextmanager
def _said(out: Path) -> Iterator[None]:
    """Turn what stops a run into what its user can do about it."""
    try:
        yield
    except KeyboardInterrupt:
        raise InterruptedRunError(
            f"interrupted; what is complete stays in {out}: run the same command to go on"
        ) from None
    except OSError as error:
        if error.errno in FULL:
            raise InterruptedRunError(
                f"the disk of {out} is full; free some room and run the same command again"
            ) from None
        raise BadDataError(f"cannot write to {out}: {error}") from None


@contextmanager
def _own(out: Path) -> Iterator[None]:
    """Hold the folder against other runs, and clear what a killed one left half done."""
    from filelock import FileLock, Timeout

    _refuse_foreign(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = FileLock(out / LOCK, timeout=1)
        lock.acquire()
    except Timeout:
        raise UsageError(
            f"another run is writing to {out}: wait for it, or use another `out`"
        ) from None
    except OSError as error:
        raise BadDataError(f"cannot write to {out}: {error.strerror or error}") from None
    try:
        for part in out.glob(".*.part"):
            part.unlink(missing_ok=True)
        yield
    finally:
        lock.release()


def _refuse_foreign(out: Path) -> None:
    """Refuse a folder with files in which no set was ever begun: README.md might be somebody's."""
    try:
        others = sorted(path.name for path in out.iterdir() if not path.name.startswith("."))
    except OSError:  # missing, or said better by who makes it
        return
    begun = (out / LOCK).exists() or any(out.glob("shard-*.h5"))
    if others and not begun:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        raise UsageError(
            f"{out} holds other files ({', '.join(others[:3])}{more}): name a new or empty folder"
        )
