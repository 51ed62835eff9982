"""The part of a mask that holds all of it: what is dear is done there alone."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def filled_box(mask: NDArray[np.bool_], margin: int = 0) -> tuple[slice, slice]:
    """Return the rows and columns that hold all pixels of a mask; empty ones of an empty mask.

    Parameters
    ----------
    mask
        Mask, ``(H, W)`` bool.
    margin
        Pixels around them that belong to it too, as far as the picture reaches.

    Examples
    --------
    >>> mask = np.zeros((20, 40), bool)
    >>> mask[5:8, 0:30] = True
    >>> filled_box(mask, 2)
    (slice(3, 10, None), slice(0, 32, None))
    """
    x, y, width, height = cv2.boundingRect(np.ascontiguousarray(mask).view(np.uint8))
    if not width:
        return slice(0), slice(0)
    return (
        slice(max(y - margin, 0), min(y + height + margin, mask.shape[0])),
        slice(max(x - margin, 0), min(x + width + margin, mask.shape[1])),
    )
