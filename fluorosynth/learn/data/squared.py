"""Items of one square size, so that pictures of several shapes make batches."""

from __future__ import annotations

import cv2
import numpy as np

from fluorosynth.learn.data.base import LabelledDataset
from fluorosynth.learn.data.derived import Derived
from fluorosynth.sample import IGNORE, Image, Mask


class Squared(Derived):
    """Each item at the top left of a square; what is added repeats its edge and is ignored.

    An item that does not fit stays as it is.

    Parameters
    ----------
    pairs
        Dataset to put into squares.
    size
        Side of the square in pixels.
    """

    def __init__(self, pairs: LabelledDataset, size: int) -> None:
        super().__init__(pairs)
        self.size = size

    def __getitem__(self, index: int) -> tuple[Image, Mask]:
        image, mask = self.pairs[index]
        below, right = (self.size - side for side in mask.shape)
        if min(below, right) < 0 or max(below, right) == 0:
            return image, mask
        around = 0, below, 0, right
        frames = [
            cv2.copyMakeBorder(frame, *around, cv2.BORDER_REPLICATE)
            for frame in image.reshape(-1, *mask.shape)
        ]
        wide = np.stack(frames).reshape(*image.shape[:-2], self.size, self.size)
        label = cv2.copyMakeBorder(mask, *around, cv2.BORDER_CONSTANT, value=IGNORE)
        return np.asarray(wide, np.uint8), np.asarray(label, np.uint8)
