"""Samples made while training: endless data without files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xxhash import xxh3_128

from fluorosynth.learn.data.base import LabelledDataset
from fluorosynth.sample import Image, Mask

if TYPE_CHECKING:
    from fluorosynth.recipe import Recipe

_HELD_OUT = 2**60  # validation samples are far beyond those of any epoch


class RecipeDataset(LabelledDataset):
    """Samples of a recipe, drawn when asked for; every epoch sees new ones.

    Parameters
    ----------
    recipe
        Whose ``sample(seed, index)`` is called, in whichever process.
    seed
        0 <= seed < 2**64.
    n
        Samples in an epoch.
    first
        Index of the sample that is item 0.

    Examples
    --------
    >>> from fluorosynth.recipe import Recipe
    >>> image, mask = RecipeDataset(Recipe.preset("paper"), seed=0, n=100)[7]
    >>> image.shape == mask.shape
    True
    """

    endless = True

    def __init__(self, recipe: Recipe, seed: int, n: int, first: int = 0) -> None:
        self._recipe, self.seed, self.n, self.first = recipe, seed, n, first
        text = recipe.describe()
        self.recipe = recipe_hash(text)
        self.fingerprint = xxh3_128(f"{text}|{seed}|{n}|{first}".encode()).hexdigest()

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> tuple[Image, Mask]:
        self._check(index)
        sample = self._recipe.sample(self.seed, self.first + index)
        assert sample.mask is not None  # noqa: S101 - for the type checker
        return sample.image, sample.mask

    def held_out(self, count: int) -> LabelledDataset:
        """Return ``count`` samples that no epoch will meet."""
        held_out = RecipeDataset(self._recipe, self.seed, count, _HELD_OUT)
        held_out.endless = False
        return held_out


def recipe_hash(text: str) -> str:
    """Return the XXH3-128 of a recipe's TOML, 32 hexadecimal digits."""
    return xxh3_128(text.encode()).hexdigest()
