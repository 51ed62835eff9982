"""Items at another size, so that a network meets the size that it was trained at."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import UsageError
from fluorosynth.learn.data.base import LabelledDataset
from fluorosynth.sample import BACKGROUND, IGNORE, INSTRUMENT, Image, Mask


class Resized(LabelledDataset):
    """Each item with its longer side at ``size`` pixels, its shape kept.

    Images are averaged over areas. A pixel of the mask is instrument where at least half of its
    area is, else ignored where at least half is.

    Parameters
    ----------
    pairs
        Dataset to resize.
    size
        Longer side, px, at least 1.

    Raises
    ------
    UsageError
        For another size.
    """

    def __init__(self, pairs: LabelledDataset, size: int) -> None:
        if size < 1:
            raise UsageError(f"`size` must be at least 1 pixel, not {size}")
        self.pairs, self.size = pairs, size
        self.fingerprint, self.recipe, self.source = pairs.fingerprint, pairs.recipe, pairs.source

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> tuple[Image, Mask]:
        image, mask = self.pairs[index]
        scale = self.size / max(mask.shape)
        height, width = (max(round(side * scale), 1) for side in mask.shape)
        small = np.full((height, width), BACKGROUND, np.uint8)
        for value in (IGNORE, INSTRUMENT):
            share = _resize((mask == value).astype(np.float32), height, width)
            small[share >= 0.5] = value
        return _resize(image, height, width), small

    def sequence(self, index: int) -> str:
        """Return the name of the sequence."""
        return self.pairs.sequence(index)

    def name(self, index: int) -> str:
        """Return the item's name."""
        return self.pairs.name(index)


def _resize(values: NDArray[np.generic], height: int, width: int) -> NDArray[np.uint8]:
    return cv2.resize(values, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[no-any-return]
