"""Random crops, so that large or unequal images make batches."""

from __future__ import annotations

import numpy as np

from fluorosynth.errors import BadDataError
from fluorosynth.learn.data.base import LabelledDataset
from fluorosynth.learn.data.derived import Derived
from fluorosynth.sample import Image, Mask


class Crops(Derived):
    """A square window of each item, uniform in place and new in every epoch.

    Endless: index i is a window of item ``i % len(pairs)``, drawn from ``(seed, i)``.

    Parameters
    ----------
    pairs
        Dataset to crop.
    size
        Side of the windows, px.
    seed
        Seed of the windows.
    """

    def __init__(self, pairs: LabelledDataset, size: int, seed: int) -> None:
        super().__init__(pairs)
        self.size, self.seed, self.endless = size, seed, True

    def __getitem__(self, index: int) -> tuple[Image, Mask]:
        self._check(index)
        item = index if self.pairs.endless else index % len(self.pairs)
        image, mask = self.pairs[item]
        room = [side - self.size for side in mask.shape]
        if min(room) < 0:
            raise BadDataError(
                f"image {self.pairs.name(item)} of {self.pairs.sequence(item)} is {mask.shape}: "
                f"too small for crops of {self.size}"
            )
        y, x = np.random.default_rng((self.seed, index)).integers(0, [room[0] + 1, room[1] + 1])
        window = slice(y, y + self.size), slice(x, x + self.size)
        return image[..., window[0], window[1]], mask[window]
