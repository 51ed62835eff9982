"""A recipe and a range of indices to shards: parallel, resumable, the same bytes every time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from fluorosynth.dataset.claim import claimed
from fluorosynth.dataset.loops import make_ready
from fluorosynth.dataset.manifest import CARD, MANIFEST, PREVIEW, write_card
from fluorosynth.dataset.plan import Plan, missing
from fluorosynth.dataset.workers import Progress, run_tasks
from fluorosynth.errors import (
    BadDataError,
    FluorosynthError,
    InterruptedRunError,
    SampleError,
    UsageError,
)
from fluorosynth.io.atomic import clear_parts
from fluorosynth.io.lock import LOCK, locked
from fluorosynth.recipe import Recipe
from fluorosynth.sample import Sample
from fluorosynth.sampler import OpenRecipe
from fluorosynth.shards import FULL, ShardInfo, file_digest, open_shard, software, write_shard

SHARD_SIZE = 500  # pictures
WAIT = 24 * 3600.0  # s for a shard that another living process has claimed
_REPORT_EVERY = 32  # samples between two looks at the stop flag


@dataclass(frozen=True)
class Outcome:
    """What a call of ``generate`` did.

    Parameters
    ----------
    made
        Number of samples made now.
    n
        Number of samples in the set.
    out
        Folder of the set.
    skipped
        Sentences on files that were left out.
    """

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
    part: tuple[int, int] | None = None,
) -> Outcome:
    """Write samples 0 .. n - 1 of ``seed`` as shards in ``out``, or what is missing of them.

    Several machines share the work by ``part``: each writes its own shards into one folder that
    all of them see, at once or one after the other; ``finish`` then writes the card. Shards
    are claimed one by one (``dataset.claim``), so a part that is started twice loses no work.

    Parameters
    ----------
    recipe
        Recipe of the samples.
    out
        Folder, made if missing.
    n
        Number of samples, >= 1. Sample i does not depend on it.
    seed
        Seed of all draws, 0 <= seed < 2**64.
    workers
        Processes. The bytes do not depend on them.
    shard_size
        Samples per file; the bytes of a sample do not depend on it. By default so many that
        a file holds 500 pictures.
    compression
        Name of the compression: ``"gzip"`` (about a third of the size, ten times slower); None:
        memory-mappable.
    progress
        Called with the number of samples finished since the last call; once with those that
        were there already.
    part
        Part and number of parts, ``(1, 8)`` to ``(8, 8)``: every eighth shard, and no card.

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
        raise UsageError(f"`workers` must be at least 1, not {workers}")
    if part is not None and not 1 <= part[0] <= part[1]:
        raise UsageError(f"`part` must be (1, parts) to (parts, parts), not {part}")
    plan.check_room()
    make_ready(recipe, workers)
    sampler = recipe.open(seed)
    with _own(plan.out, shared=part is not None):
        text = recipe.to_toml()
        todo = missing(plan, text, seed, sampler.fingerprint, part)
        job = _Job(plan, sampler, text, software(), compression)
        report = progress or (lambda _: None)
        made = sum(plan.span(number)[1] for number in todo)
        report(sum(plan.span(number)[1] for number in plan.numbers(part)) - made)
        with _said(plan.out):
            digests = run_tasks(job.write, todo, min(workers, max(len(todo), 1)), report)
            for number in [number for number in todo if not digests[number]]:
                digests[number] = job.write(number, report, wait=WAIT)
            if part is None:
                write_card(plan, sampler, text, digests)
    return Outcome(made, n, plan.out, sampler.skipped)


def finish(
    recipe: Recipe, out: str | Path, n: int, seed: int = 0, shard_size: int | None = None
) -> Outcome:
    """Close a set whose shards were written in parts: check that all are there, write the card.

    Parameters
    ----------
    recipe
        Recipe of the parts.
    out
        Folder of the set.
    n
        Number of samples.
    seed
        Seed of the parts.
    shard_size
        Samples per file, as the parts had it.

    Raises
    ------
    MissingShardsError
        Naming the shards that are missing, when some are.
    UsageError
        When ``out`` holds another data set.
    BadDataError
        When a shard cannot be read.
    """
    plan = plan_of(recipe, out, n, shard_size)
    sampler, text = recipe.open(seed), recipe.to_toml()
    if not plan.out.is_dir():
        raise BadDataError(f"{plan.out} is no folder: write its parts first")
    with _own(plan.out), _said(plan.out):
        if todo := missing(plan, text, seed, sampler.fingerprint):
            raise MissingShardsError(plan.out, todo, plan.shards)
        for claim in plan.out.glob(".shard-*.claim"):  # of the killed, whose shards were whole
            with claimed(claim.with_name(claim.name.removeprefix(".").removesuffix(".claim"))):
                pass
        write_card(plan, sampler, text, {})
    return Outcome(0, n, plan.out, sampler.skipped)


class MissingShardsError(InterruptedRunError):
    """A set that is to be closed lacks shards.

    Parameters
    ----------
    out
        Folder of the set.
    numbers
        Numbers of the shards that are missing.
    shards
        Number of shards that there must be.
    """

    def __init__(self, out: Path, numbers: list[int], shards: int) -> None:
        some = ", ".join(map(str, numbers[:8])) + ", ..." * (len(numbers) > 8)
        super().__init__(f"{out} lacks {len(numbers)} of {shards} shards: {some}")
        self.numbers, self.shards = numbers, shards


def plan_of(recipe: Recipe, out: str | Path, n: int, shard_size: int | None = None) -> Plan:
    """Return what ``generate`` will write.

    Parameters
    ----------
    recipe
        Recipe of the samples.
    out
        Folder of the set.
    n
        Number of samples.
    shard_size
        Number of samples in a shard; None: as many as make up 500 pictures.
    """
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

    def write(self, number: int, tick: Progress, wait: float = 0.0) -> str:
        """Write a shard and return its file's digest; "" when another process is at it."""
        path = self.plan.path(number)
        with claimed(path, wait) as mine:
            if mine and not self._there(number):
                clear_parts(path)
                self._write(path, number, tick)
            elif mine:
                tick(self.plan.span(number)[1])
            return file_digest(path) if mine else ""

    def _there(self, number: int) -> bool:
        """Tell whether another process has finished the shard since this run looked."""
        path = self.plan.path(number)
        if not path.exists():
            return False
        with open_shard(path) as shard:
            return shard.info.count == self.plan.span(number)[1]

    def _write(self, path: Path, number: int, tick: Progress) -> None:
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
        write_shard(path, info, samples, self.compression)


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
def _own(out: Path, shared: bool = False) -> Iterator[None]:
    """Hold the folder against other runs of the whole set; ``shared``: make it if need be."""
    _refuse_foreign(out)
    busy = f"another run is writing to {out}: wait for it, or use another `out`"
    with ExitStack() as held:
        try:
            if shared:
                out.mkdir(parents=True, exist_ok=True)
                (out / LOCK).touch()  # a set was begun here
            else:
                held.enter_context(locked(out, busy, wait=1))
        except OSError as error:
            raise BadDataError(f"cannot write to {out}: {error.strerror or error}") from None
        if not shared:
            for name in (PREVIEW, CARD, MANIFEST):
                clear_parts(out / name)
        yield


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
