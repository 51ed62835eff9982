"""A recipe and a range of indices to shards: parallel, resumable, the same bytes every time."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from fluorosynth.dataset.card import write_card
from fluorosynth.dataset.engine import Engine, Progress
from fluorosynth.dataset.loops import make_ready
from fluorosynth.dataset.plan import Plan, missing
from fluorosynth.dataset.virtual import virtual_set
from fluorosynth.dataset.workers import Processes
from fluorosynth.errors import (
    BadDataError,
    FluorosynthError,
    InterruptedRunError,
    SampleError,
    UsageError,
)
from fluorosynth.io.place import url_of
from fluorosynth.recipe import Recipe
from fluorosynth.sample import Sample
from fluorosynth.sampler import OpenRecipe
from fluorosynth.shards import FULL, ShardInfo, software

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
        Folder of the set, or its URL.
    skipped
        Sentences on files that were left out.
    """

    made: int
    n: int
    out: Path | str
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
    engine: Engine | None = None,
) -> Outcome:
    """Write samples 0 .. n - 1 of ``seed`` as shards in ``out``, or what is missing of them.

    Several machines share the work by ``part``: each writes its own shards into one folder that
    all of them see, at once or one after the other; ``finish`` then writes the card. Shards
    are claimed one by one (``io.claim``), so a part that is started twice loses no work.

    Parameters
    ----------
    recipe
        Recipe of the samples.
    out
        Folder, made if missing, or a URL of object storage such as ``s3://bucket/set``, which
        takes the extra ``remote``.
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
    engine
        Engine that makes the shards, such as ``dask_engine.Dask("tcp://...")``; None: ``workers``
        processes of this machine.

    Raises
    ------
    UsageError
        When ``out`` holds another data set or other files, or another run is writing to it.
    BadDataError
        When a source or ``out`` cannot be read, or the disk has too little room.
    SampleError
        When a stage fails: names the seed and the index that show it again.
    InterruptedRunError
        On Ctrl-C, SIGTERM, a full disk or a lost connection; the same call goes on.

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
    sampler, store = recipe.open(seed), plan.store
    with store.held(shared=part is not None):
        if engine is not None and engine.elsewhere:
            if store.one_process:
                raise UsageError(f"{plan.out} is seen by this process alone: name another `out`")
            plan = replace(plan, out=url_of(plan.out) or Path(plan.out).absolute())
        text = recipe.to_toml()
        todo = missing(plan, text, seed, sampler.fingerprint, part)
        job = _Job(plan, sampler, text, software(), compression)
        report = progress or (lambda _: None)
        made = sum(plan.span(number)[1] for number in todo)
        report(sum(plan.span(number)[1] for number in plan.numbers(part)) - made)
        with _said(plan.out):
            here = Processes(1 if store.one_process else workers, fork=url_of(plan.out) is None)
            run = (engine or here).run
            digests = run(job.write, todo, report)
            left = [number for number in todo if not digests[number]]  # others were at them
            digests |= run(partial(job.write, wait=WAIT), left, report)
            skipped, fingerprint = sampler.skipped, sampler.fingerprint
            del job, sampler  # their pools, before the card's picture takes as much
            if part is None:
                store.close()
                write_card(plan, text, seed, fingerprint, digests)
    return Outcome(made, n, plan.out, skipped)


def finish(
    recipe: Recipe, out: str | Path, n: int, seed: int = 0, shard_size: int | None = None
) -> Outcome:
    """Close a set whose shards were written in parts: check that all are there, write the card.

    Parameters
    ----------
    recipe
        Recipe of the parts.
    out
        Folder of the set, or its URL.
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
    store = plan.store
    if not store.shards():
        raise BadDataError(f"{plan.out} holds no shards: write its parts first")
    with store.held(shared=False), _said(plan.out):
        if todo := missing(plan, text, seed, sampler.fingerprint):
            raise MissingShardsError(plan.out, todo, plan.shards)
        store.close()
        write_card(plan, text, seed, sampler.fingerprint, {})
    return Outcome(0, n, plan.out, sampler.skipped)


class MissingShardsError(InterruptedRunError):
    """A set that is to be closed lacks shards.

    Parameters
    ----------
    out
        Folder of the set, or its URL.
    numbers
        Numbers of the shards that are missing.
    shards
        Number of shards that there must be.
    """

    def __init__(self, out: Path | str, numbers: list[int], shards: int) -> None:
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
        Folder of the set, or its URL.
    n
        Number of samples.
    shard_size
        Number of samples in a shard; None: as many as make up 500 pictures.

    Raises
    ------
    UsageError
        Where ``out`` is the text of a virtual set.
    """
    url = url_of(out)
    if url is None and virtual_set(out):
        raise UsageError(f"`out` {out} names a virtual set, which takes no files: name a folder")
    if shard_size is None:
        shard_size = max(SHARD_SIZE // recipe.frames, 1)
    return Plan(url or Path(out), n, shard_size, recipe.size, recipe.frames)


@dataclass(frozen=True)
class _Job:
    plan: Plan
    sampler: OpenRecipe
    recipe_text: str
    software: dict[str, str]
    compression: str | None

    def write(self, number: int, tick: Progress, wait: float = 0.0) -> str:
        """Write a shard and return its file's digest; "" when another process is at it."""
        if self.software != software():
            raise BadDataError(
                f"{platform.node()} has {software()}, the set is made with {self.software}: the "
                "same versions make the same bytes"
            )
        plan, store = self.plan, self.plan.store
        name, (first, count) = plan.name(number), plan.span(number)
        with store.claimed(name, wait) as mine:
            if not mine:
                return ""
            there = store.infos([name]).get(name)  # another may have made it meanwhile
            if there is not None and there.count == count:
                tick(count)
                return store.measure([name], {})[0][1]
            samples = _samples(self.sampler, first, count, tick)
            return store.write(name, self._info(first, count), samples, self.compression)

    def _info(self, first: int, count: int) -> ShardInfo:
        sampler, plan = self.sampler, self.plan
        facts = self.recipe_text, sampler.seed, first, count, plan.size
        return ShardInfo(*facts, sampler.fingerprint, self.software, plan.frames)


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
def _said(out: Path | str) -> Iterator[None]:
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
