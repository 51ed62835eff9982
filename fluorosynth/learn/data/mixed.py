"""Two kinds of endless data by turns."""

from __future__ import annotations

from collections.abc import Sequence

from xxhash import xxh3_128

from fluorosynth.learn.data.base import LabelledDataset
from fluorosynth.sample import Image, Mask


class Mixed(LabelledDataset):
    """Samples of several recipes by turns, in equal shares.

    Item i is item i // k of the recipe i % k, of k.

    Parameters
    ----------
    parts
        Endless data of each recipe; an epoch has as many as they have together.

    Examples
    --------
    >>> from fluorosynth.learn.data import RecipeDataset
    >>> from fluorosynth.recipe import Recipe
    >>> parts = [RecipeDataset(Recipe.preset("paper"), seed, n=2) for seed in (0, 1)]
    >>> mixed = Mixed(parts)
    >>> len(mixed), bool((mixed[3][0] == parts[1][1][0]).all())
    (4, True)
    """

    endless = True

    def __init__(self, parts: Sequence[LabelledDataset]) -> None:
        self.parts = tuple(parts)
        self.recipe = parts[0].recipe
        self.fingerprint = xxh3_128("|".join(p.fingerprint for p in parts).encode()).hexdigest()

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def __getitem__(self, index: int) -> tuple[Image, Mask]:
        self._check(index)
        turn, which = divmod(index, len(self.parts))
        return self.parts[which][turn]

    def held_out(self, count: int) -> LabelledDataset:
        """Return samples that no epoch will meet.

        Parameters
        ----------
        count
            Number of samples, rounded up to as many of each recipe.
        """
        each = -(-count // len(self.parts))
        mixed = Mixed([part.held_out(each) for part in self.parts])
        mixed.endless = False
        return mixed
