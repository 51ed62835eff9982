"""Items whose dense material is bright, turned round."""

from __future__ import annotations

import numpy as np

from fluorosynth.learn.data.base import LabelledDataset
from fluorosynth.learn.data.derived import Derived
from fluorosynth.sample import Image, Mask


class Inverted(Derived):
    """The same items with their grey values turned round: what was white is black.

    Parameters
    ----------
    pairs
        Dataset of pictures in which dense material is bright.
    """

    def __init__(self, pairs: LabelledDataset) -> None:
        super().__init__(pairs)
        self.fingerprint = f"{pairs.fingerprint} inverted"

    def __getitem__(self, index: int) -> tuple[Image, Mask]:
        image, mask = self.pairs[index]
        return np.asarray(255 - image, np.uint8), mask
