"""Skeletons, one connected part after the other: thinning scans its picture many times."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

MANY = 64  # parts: of more than these, the scans of the whole are cheaper than the calls


def thinned(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the skeleton by the method of Lee et al. (CVGIP 56, 1994), as of the whole picture.

    Thinning looks at the eight pixels around, and parts that do not touch know nothing of each
    other.

    Parameters
    ----------
    mask
        Mask, ``(H, W)`` bool.

    Examples
    --------
    >>> mask = np.zeros((9, 30), bool)
    >>> mask[3:6, 2:28] = True
    >>> thinned(mask).any(axis=1).nonzero()[0].tolist()
    [4]
    """
    from skimage.morphology import skeletonize

    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    if count - 1 > MANY:
        return np.asarray(skeletonize(mask, method="lee"))
    skeleton = np.zeros(mask.shape, bool)
    for part, (x, y, width, height, _) in enumerate(np.asarray(stats).tolist()):
        if part:
            box = slice(y, y + height), slice(x, x + width)
            skeleton[box] |= skeletonize(np.asarray(parts)[box] == part, method="lee")
    return skeleton
