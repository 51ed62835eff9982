"""Labelled pictures with synthetic ones among them."""

from __future__ import annotations

from fluorosynth.errors import UsageError
from fluorosynth.learn.data.base import LabelledDataset
from fluorosynth.sample import Image, Mask


class WithSynthetic(LabelledDataset):
    """An epoch of a dataset with new samples of an endless one among its items.

    Endless: of the indices of an epoch, the first are those of the data, the others new samples.

    Parameters
    ----------
    pairs
        Dataset of which every epoch meets all items.
    synthetic
        Endless dataset.
    share
        Share of the synthetic ones in an epoch, in (0, 1).

    Raises
    ------
    UsageError
        For another share.

    Examples
    --------
    >>> from fluorosynth.learn.data.recipe import RecipeDataset
    >>> from fluorosynth.recipe import Recipe
    >>> recipe = Recipe.preset("paper")
    >>> real, synthetic = RecipeDataset(recipe, 1, n=6), RecipeDataset(recipe, 2, n=1)
    >>> len(WithSynthetic(real, synthetic, 0.5)), len(WithSynthetic(real, synthetic, 0.25))
    (12, 8)
    """

    endless = True

    def __init__(self, pairs: LabelledDataset, synthetic: LabelledDataset, share: float) -> None:
        if not 0 < share < 1:
            raise UsageError(f"`share` must be above 0 and below 1, not {share}")
        self.pairs, self.synthetic = pairs, synthetic
        self.added = max(round(len(pairs) * share / (1 - share)), 1)
        self.fingerprint, self.recipe, self.source = pairs.fingerprint, pairs.recipe, pairs.source

    def __len__(self) -> int:
        return len(self.pairs) + self.added

    def __getitem__(self, index: int) -> tuple[Image, Mask]:
        self._check(index)
        pairs, item = self._find(index)
        return pairs[item]

    def sequence(self, index: int) -> str:
        """Return the name of the run, or of the synthetic samples."""
        pairs, item = self._find(index)
        return pairs.sequence(item)

    def name(self, index: int) -> str:
        """Return the item's name."""
        pairs, item = self._find(index)
        return pairs.name(item)

    def _find(self, index: int) -> tuple[LabelledDataset, int]:
        """Return which dataset an item is of, and its index there."""
        epoch, place = divmod(index, len(self))
        real = len(self.pairs)
        if place >= real:
            return self.synthetic, epoch * self.added + place - real
        return self.pairs, epoch * real + place if self.pairs.endless else place
