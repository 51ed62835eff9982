"""Skeleton lengths, to drop what is too short to be an instrument."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.geometry.filled_box import filled_box
from fluorosynth.sample import INSTRUMENT, Mask


def drop_fragments(mask: Mask, shortest: float) -> Mask:
    """Return a mask without its short connected parts.

    Parameters
    ----------
    mask
        Mask, ``(H, W)`` uint8 {0, 1}.
    shortest
        Length of a skeleton below which its part is dropped, px. The skeleton of a stroke ends up
        to half a width before its ends.

    Examples
    --------
    >>> mask = np.zeros((20, 40), np.uint8)
    >>> mask[5, 2:32] = mask[15, 2:8] = 1
    >>> drop_fragments(mask, 10).sum(1).nonzero()[0].tolist()
    [5]
    """
    box = filled_box(mask.view(bool))
    if not mask[box].size:
        return mask.copy()
    count, parts = cv2.connectedComponents(np.ascontiguousarray(mask[box]), connectivity=8)
    kept = skeleton_lengths(np.asarray(parts), count) >= shortest
    kept[0] = False
    left = np.zeros_like(mask)
    left[box] = np.where(kept, np.uint8(INSTRUMENT), np.uint8(0))[parts]
    return left


def skeleton_lengths(parts: NDArray[np.integer], count: int) -> NDArray[np.float64]:
    """Return the skeleton's length of each part in pixels: steps of 1 and, diagonal, of 1.41.

    Parameters
    ----------
    parts
        Labels 0 to ``count - 1`` of parts that do not touch, ``(H, W)``; 0 is background.
    count
        Number of labels.
    """
    from skimage.morphology import skeletonize

    rows, columns = np.flatnonzero(parts.any(1)), np.flatnonzero(parts.any(0))
    if not len(rows):
        return np.zeros(count)
    parts = parts[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]  # thinning looks no farther
    padded = np.pad(skeletonize(parts > 0), 1)
    y, x = np.nonzero(padded)
    right, below, left = padded[y, x + 1], padded[y + 1, x], padded[y, x - 1]
    across_right = padded[y + 1, x + 1] & ~right & ~below  # else the corner is walked
    across_left = padded[y + 1, x - 1] & ~left & ~below
    steps = right + below.astype(float) + np.sqrt(2) * (across_right + across_left.astype(float))
    return np.asarray(np.bincount(parts[y - 1, x - 1], steps, count), np.float64)
