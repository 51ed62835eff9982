"""What a run will write: which samples go into which shard, and what is there already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from annotated_types import Ge

from fluorosynth.core.check import Checked
from fluorosynth.dataset.store import Store, open_store
from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.shards import ShardInfo, software

POINTS_PER_PICTURE = 2048  # bytes, an estimate: curves, provenance, checksums


@dataclass(frozen=True)
class Plan(Checked):
    """A data set to be written.

    Parameters
    ----------
    out
        Folder of the set, or its URL in object storage.
    n
        Number of samples, indices 0 .. n - 1.
    shard_size
        Samples per shard, the last one excepted.
    size
        Side of the pictures in pixels.
    frames
        Pictures of each sample.
    """

    out: Path | str
    n: Annotated[int, Ge(1)]
    shard_size: Annotated[int, Ge(1)]
    size: int
    frames: int = 1

    @property
    def shards(self) -> int:
        """Number of shards."""
        return -(-self.n // self.shard_size)

    @property
    def bytes(self) -> int:
        """About how many bytes the set takes."""
        return self.n * self.frames * (2 * self.size**2 + POINTS_PER_PICTURE)

    @property
    def store(self) -> Store:
        """Where the set lies."""
        return open_store(self.out)

    def check_room(self) -> None:
        """Refuse what does not fit (BadDataError), before anything is made or counted out."""
        free = self.store.free()
        if free is None:
            return
        needed = self.bytes * (1 - len(self.store.shards()) / self.shards)
        if needed > free:
            what = f"sequences of {self.frames} frames" if self.frames > 1 else "samples"
            raise BadDataError(
                f"{self.out} has {free / 1e9:.1f} GB free, {self.n} {what} "
                f"of {self.size} px take {needed / 1e9:.1f} GB: "
                "lower `n` or `size`, or use another disk"
            )

    def numbers(self, part: tuple[int, int] | None = None) -> range:
        """Return the numbers of all shards, or those of one part.

        Parameters
        ----------
        part
            Number of the part from 1, and of parts: every so many-th shard; None: all.
        """
        return range(self.shards) if part is None else range(part[0] - 1, self.shards, part[1])

    def span(self, number: int) -> tuple[int, int]:
        """Return the first index and the number of samples of a shard.

        Parameters
        ----------
        number
            Number of the shard, from 0.
        """
        first = number * self.shard_size
        return first, min(self.shard_size, self.n - first)

    def name(self, number: int) -> str:
        """Return the name of a shard's file.

        Parameters
        ----------
        number
            Number of the shard, from 0.
        """
        return f"shard-{number:05d}.h5"

    def number(self, name: str) -> int:
        """Return the number of a shard.

        Parameters
        ----------
        name
            Name of its file.
        """
        return int(name.removeprefix("shard-").removesuffix(".h5"))


def missing(
    plan: Plan,
    recipe: str,
    seed: int,
    fingerprints: list[str],
    part: tuple[int, int] | None = None,
) -> list[int]:
    """Return the numbers of the shards that are not there yet, in order.

    Parameters
    ----------
    plan
        Plan of the whole set.
    recipe
        TOML of the recipe.
    seed
        Seed of the set.
    fingerprints
        Fingerprints of the sources.
    part
        Part and number of parts: only its own shards are looked at, and one of another part, which
        must be of the same set; None: all.

    Raises
    ------
    UsageError
        When the folder holds shards of another recipe, seed, source or layout; it shows how
        they differ.
    BadDataError
        When one is broken.
    """
    numbers = plan.numbers(part)
    there = plan.store.shards()
    own = {plan.name(number) for number in numbers}
    others = [] if part is None else [name for name in there if name not in own][:1]
    present = plan.store.infos([n for n in there if part is None or n in own or n in others])
    for found in present.values():
        for difference in _differences(found, recipe, seed, fingerprints):
            raise UsageError(f"{plan.out} holds another data set: {difference}\nUse another `out`.")
    for name in (name for name in others if name in present):
        other, number = present.pop(name), plan.number(name)
        first, count = plan.span(number)
        if other.first != first or other.count > count:
            raise _other_span(plan, number, other)
    wanted = []
    for number in numbers:
        name = plan.name(number)
        info = present.pop(name) if name in present else None
        first, count = plan.span(number)
        tail = plan.name(number + 1) not in there  # of an earlier, smaller run
        if info is None or (info.count < count and info.first == first and tail):
            wanted.append(number)
        elif (info.first, info.count) != (first, count):
            raise _other_span(plan, number, info)
    if present:
        raise UsageError(
            f"{plan.out}/{next(iter(present))} lies beyond `n` {plan.n}: ask for at least as many "
            "samples as are there, or use another `out`"
        )
    return wanted


def _other_span(plan: Plan, number: int, info: ShardInfo) -> UsageError:
    first, count = plan.span(number)
    last = info.first + info.count - 1
    return UsageError(
        f"{plan.out}/{plan.name(number)} holds samples {info.first}..{last}, "
        f"this run would put {first}..{first + count - 1} there: use the `shard_size` and "
        "`n` of the first run, or another `out`"
    )


def _differences(info: ShardInfo, recipe: str, seed: int, fingerprints: list[str]) -> Iterator[str]:
    import difflib

    if info.seed != seed:
        yield f"its seed is {info.seed}, yours {seed}"
    if info.recipe != recipe:
        lines = difflib.unified_diff(
            info.recipe.splitlines(), recipe.splitlines(), "there", "yours", lineterm="", n=1
        )
        yield "the recipes differ\n" + "\n".join(lines)
    if info.fingerprints != fingerprints:
        yield "the recipes are equal, but the files of a source have changed since"
    if info.software != software():
        yield f"it was made with {info.software}, here is {software()}"
