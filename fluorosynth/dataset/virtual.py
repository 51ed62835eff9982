"""Sets that are not on any disk: a recipe, a seed and a range say every byte of them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

from annotated_types import Interval
from pydantic import BaseModel, ConfigDict, StringConstraints
from xxhash import xxh3_128

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.guard import validated
from fluorosynth.recipe import Recipe
from fluorosynth.sample import Sample

MOST = 2**62  # samples of a seed
_NUMBER = r"\d[\d_]{0,24}(?:\*\*\d{1,2})?"
_TEXT = re.compile(
    rf"(?P<recipe>.+)@(?P<seed>{_NUMBER})\[(?P<first>{_NUMBER})?:(?P<stop>{_NUMBER})\]", re.DOTALL
)
_MEANT = re.compile(r".+@[^/\\]*\[[^/\\]*")  # and is none: spaces, signs, no end


@dataclass(frozen=True)
class VirtualSet:
    """Samples ``first`` to ``stop - 1`` of a recipe and a seed, made when they are asked for.

    Parameters
    ----------
    recipe
        Recipe of the samples.
    seed
        Seed of all draws, 0 <= seed < 2**64.
    first
        Index of the first sample.
    stop
        Index after that of the last sample.
    name
        Text that the set was asked for by.
    """

    recipe: Recipe
    seed: int
    first: int
    stop: int
    name: str = ""

    @property
    def n(self) -> int:
        """Number of samples."""
        return self.stop - self.first

    @cached_property
    def fingerprint(self) -> str:
        """Digest that is equal for equal samples: of the recipe, its sources and the numbers."""
        facts = self.recipe.describe(), self.recipe.open(self.seed).fingerprint
        return xxh3_128(repr((*facts, self.seed, self.first, self.stop)).encode()).hexdigest()

    def samples(self, limit: int | None = None) -> Iterator[tuple[int, Sample]]:
        """Yield index and sample, in order; of sequences every frame, with its number in its meta.

        Parameters
        ----------
        limit
            Number of samples at most; None: all.
        """
        sampler = self.recipe.open(self.seed)
        count = self.n if limit is None else min(self.n, limit)
        for index in range(self.first, self.first + count):
            for sample in sampler.sequence(index):
                yield index, sample


class SetFile(BaseModel):
    """What the TOML file of a virtual set holds.

    Parameters
    ----------
    recipe
        Name of a preset, or of a recipe's TOML file, seen from the folder of this file.
    seed
        Seed of all draws.
    range
        Index of the first sample, and that after the last one.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    recipe: Annotated[str, StringConstraints(min_length=1)]
    seed: Annotated[int, Interval(ge=0, lt=2**64)]
    range: tuple[int, int]


def virtual_set(place: str | Path) -> VirtualSet | None:
    """Return the virtual set that a text or a TOML file names; None where it is another thing.

    Parameters
    ----------
    place
        Text such as ``physics@7[0:10**9]`` or ``my.toml@7[0:1_000]`` (recipe, seed, range), or a
        file ending in ``.toml`` with the keys ``recipe``, ``seed`` and ``range``.

    Raises
    ------
    UsageError
        When a number is too large, the range is empty, there is no such recipe, or a text that is
        meant so is written otherwise.
    BadDataError
        When the file is no TOML, or a key is wrong.

    Examples
    --------
    >>> found = virtual_set("paper@7[10:10**9]")
    >>> found.n
    999999990
    >>> virtual_set("data/set") is None
    True
    """
    text, path = str(place), Path(place)
    if path.is_dir():
        return None
    if found := _TEXT.fullmatch(text):
        seed, first, stop = (_number(found[key] or "0") for key in ("seed", "first", "stop"))
        return _checked(found["recipe"], Path(), seed, first, stop, text)
    if path.suffix != ".toml" or not path.is_file():
        if "://" not in text and not path.exists() and _MEANT.fullmatch(text):
            raise UsageError(
                f"{text!r} is neither a file nor a virtual set: write RECIPE@SEED[FIRST:STOP] with "
                "whole numbers and no spaces, such as paper@7[0:10**9]"
            )
        return None
    try:
        table = tomllib.loads(path.read_text("utf-8-sig"))
    except (ValueError, OSError) as error:
        raise BadDataError(f"{path} is no TOML: {error}") from None
    if "recipe" not in table:
        return None
    with validated(str(path)):
        file = SetFile.model_validate({**table, "range": tuple(_listed(table.get("range")))})
    return _checked(file.recipe, path.parent, file.seed, *file.range, text)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _number(text: str) -> int:
    """Return a whole number such as ``1_000`` or ``10**9``; never more than twenty digits."""
    base, _, power = text.replace("_", "").partition("**")
    if len(base) + len(base) * int(power or 1) > 200:
        raise UsageError(f"{text} is too large: there are {MOST} samples of a seed")
    value: int = int(base) ** int(power or 1)
    return value


def _checked(recipe: str, folder: Path, seed: int, first: int, stop: int, name: str) -> VirtualSet:
    if seed >= 2**64:
        raise UsageError(f"{name}: the seed {seed} should be below 2**64")
    if not 0 <= first < stop <= MOST:
        raise UsageError(
            f"{name}: the range {first}:{stop} should begin at 0 or more, end after its beginning, "
            "and at most at 2**62"
        )
    found = Recipe.read(folder / recipe) if recipe.endswith(".toml") else Recipe.preset(recipe)
    return VirtualSet(found, seed, first, stop, name)
