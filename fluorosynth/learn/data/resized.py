"""Items at another size, so that a network meets the size that it was trained at."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import UsageError
from fluorosynth.learn.data.base import LabelledDataset
from fluorosynth.learn.data.derived import Derived
from fluorosynth.sample import BACKGROUND, IGNORE, INSTRUMENT, Image, Mask


class Resized(Derived):
    """Each item with its longer side at ``size`` pixels, its shape kept.

    Images are averaged over areas, or interpolated where they grow. A pixel of the mask is
    instrument where at least half of its area is, else ignored where at least half is.

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
        super().__init__(pairs)
        self.size = size

    def __getitem__(self, index: int) -> tuple[Image, Mask]:
        image, mask = self.pairs[index]
        scale = self.size / max(mask.shape)
        height, width = (max(round(side * scale), 1) for side in mask.shape)
        if (height, width) == mask.shape:
            return image, mask
        small = np.full((height, width), BACKGROUND, np.uint8)
        for value in (IGNORE, INSTRUMENT):
            share = _resize((mask == value).astype(np.float32), height, width)
            small[share >= 0.5] = value
        return _resize(image, height, width), small


def longer_side(pairs: LabelledDataset, most: int = 32) -> int:
    """Return the longer side of the items in pixels; the median where they differ.

    Parameters
    ----------
    pairs
        Labelled data, not empty.
    most
        Number of items, evenly spread, that are looked at.
    """
    count = 1 if pairs.endless else min(len(pairs), most)  # samples of a recipe are of one size
    spread = np.linspace(0, len(pairs) - 1, count).round().astype(int)
    return int(np.median([max(pairs[int(index)][1].shape) for index in spread]))


def _resize(values: NDArray[np.generic], height: int, width: int) -> NDArray[np.uint8]:
    how = cv2.INTER_AREA if height < len(values) else cv2.INTER_LINEAR
    return cv2.resize(values, (width, height), interpolation=how)  # type: ignore[no-any-return]
