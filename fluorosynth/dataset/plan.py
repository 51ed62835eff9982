"""What a run will write: which samples go into which shard, and what is there already."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from annotated_types import Ge

from fluorosynth.core.check import Checked
from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.shards import ShardInfo, open_shard, software

POINTS_PER_PICTURE = 2048  # bytes, an estimate: curves, provenance, checksums


@dataclass(frozen=True)
class Plan(Checked):
    """A data set to be written.

    Parameters
    ----------
    out
        Folder of the set.
    n
        Number of samples, indices 0 .. n - 1.
    shard_size
        Samples per shard, the last one excepted.
    size
        Side of the pictures in pixels.
    frames
        Pictures of each sample.
    """

    out: Path
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
    def free(self) -> int:
        """How many bytes the disk has left that ``out`` is on, or will be."""
        there = next(path for path in (self.out, *self.out.absolute().parents) if path.exists())
        return shutil.disk_usage(there).free

    def check_room(self) -> None:
        """Refuse what does not fit (BadDataError), before anything is made or counted out."""
        done = sum(1 for _ in self.out.glob("shard-*.h5"))
        needed = self.bytes * (1 - done / self.shards)
        if needed > self.free:
            what = f"sequences of {self.frames} frames" if self.frames > 1 else "samples"
            raise BadDataError(
                f"{self.out} has {self.free / 1e9:.1f} GB free, {self.n} {what} "
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

    def path(self, number: int) -> Path:
        """Return the final name of a shard.

        Parameters
        ----------
        number
            Number of the shard, from 0.
        """
        return self.out / f"shard-{number:05d}.h5"


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
        Part and number of parts: only its own shards are looked at; None: all.

    Raises
    ------
    UsageError
        When the folder holds shards of another recipe, seed, source or layout; it shows how
        they differ.
    BadDataError
        When one is broken.
    """
    numbers = plan.numbers(part)
    names = [plan.path(n) for n in numbers] if part else sorted(plan.out.glob("shard-*.h5"))
    present = {}
    for path in names:
        if path.exists():
            present[path] = _read_info(path)
            _check(path, present[path], recipe, seed, fingerprints)
    wanted = []
    for number in numbers:
        info = present.pop(plan.path(number), None)
        first, count = plan.span(number)
        if info is None or (info.count < count and info.first == first and _is_last(plan, number)):
            wanted.append(number)
        elif (info.first, info.count) != (first, count):
            raise UsageError(
                f"{plan.path(number)} holds samples {info.first}..{info.first + info.count - 1}, "
                f"this run would put {first}..{first + count - 1} there: use the `shard_size` and "
                "`n` of the first run, or another `out`"
            )
    if present:
        raise UsageError(
            f"{next(iter(present))} lies beyond `n` {plan.n}: ask for at least as many samples as "
            "are there, or use another `out`"
        )
    return wanted


def _is_last(plan: Plan, number: int) -> bool:
    """Tell whether a shorter shard here is the tail of an earlier, smaller run."""
    return not plan.path(number + 1).exists()


def _read_info(path: Path) -> ShardInfo:
    try:
        with open_shard(path) as shard:
            return shard.info
    except BadDataError as error:
        raise BadDataError(f"{error}: delete it and run again to make it anew") from None


def _check(path: Path, info: ShardInfo, recipe: str, seed: int, fingerprints: list[str]) -> None:
    for difference in _differences(info, recipe, seed, fingerprints):
        raise UsageError(f"{path.parent} holds another data set: {difference}\nUse another `out`.")


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
