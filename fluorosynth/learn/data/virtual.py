"""A virtual set as labelled data: items by number, made when they are asked for."""

from __future__ import annotations

from typing import Any

from fluorosynth.dataset.virtual import VirtualSet
from fluorosynth.learn.data.base import LabelledDataset
from fluorosynth.learn.data.recipe import recipe_hash
from fluorosynth.sample import Image, Mask, Sample


class VirtualDataset(LabelledDataset):
    """The pictures of a virtual set; of sequences every frame, in order.

    The items are those of ``ShardDataset`` over the same samples on disk, and so is what is
    trained on them. Each process makes what it is asked for.

    Parameters
    ----------
    samples
        Set of the samples.
    """

    def __init__(self, samples: VirtualSet) -> None:
        self.set = samples
        self.sequence_length = samples.recipe.frames
        self.fingerprint, self.source = samples.fingerprint, samples.name
        self.recipe = recipe_hash(samples.recipe.describe())
        self._last: tuple[int, tuple[Sample, ...]] | None = None

    def __len__(self) -> int:
        return self.set.n * self.sequence_length

    def __getitem__(self, index: int) -> tuple[Image, Mask]:
        self._check(index)
        number, frame = divmod(index, self.sequence_length)
        if self._last is None or self._last[0] != number:
            drawn = self.set.recipe.sequence(self.set.seed, self.set.first + number)
            self._last = number, drawn
        sample = self._last[1][frame]
        assert sample.mask is not None  # noqa: S101 - for the type checker
        return sample.image, sample.mask

    def sequence(self, index: int) -> str:
        """Return the sequence that a frame belongs to; pictures that stand alone are all of one."""
        alone = self.sequence_length == 1
        return super().sequence(index) if alone else f"{index // self.sequence_length:06d}"

    def name(self, index: int) -> str:
        """Return the item's name: of a frame its number."""
        return f"{index % self.sequence_length if self.sequence_length > 1 else index:06d}"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_last": None}
