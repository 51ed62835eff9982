"""What is made of another dataset, item by item."""

from __future__ import annotations

import copy
from abc import abstractmethod

from fluorosynth.learn.data.base import LabelledDataset
from fluorosynth.sample import Image, Mask


class Derived(LabelledDataset):
    """Items made from those of another dataset, which keep their names, order and number.

    Parameters
    ----------
    pairs
        Dataset that the items are made from.
    """

    def __init__(self, pairs: LabelledDataset) -> None:
        self.pairs = pairs
        self.fingerprint, self.recipe, self.source = pairs.fingerprint, pairs.recipe, pairs.source
        self.sequence_length, self.endless = pairs.sequence_length, pairs.endless

    @abstractmethod
    def __getitem__(self, index: int) -> tuple[Image, Mask]: ...

    def __len__(self) -> int:
        return len(self.pairs)

    def sequence(self, index: int) -> str:
        """Return the name of the sequence."""
        return self.pairs.sequence(index)

    def name(self, index: int) -> str:
        """Return the item's name."""
        return self.pairs.name(index)

    def held_out(self, count: int) -> LabelledDataset:
        """Return items of the same kind that no epoch will meet."""
        twin = copy.copy(self)
        Derived.__init__(twin, self.pairs.held_out(count))
        return twin

    def verify(self, quiet: bool = True) -> None:
        """Verify what the items are made from."""
        self.pairs.verify(quiet)
