"""Where a mostly empty picture holds anything: loops leave out the rest."""

from __future__ import annotations

import numpy as np
from numba import njit

LANES = 32  # columns that compiled loops take at once; what is left over they take one by one


@njit(cache=True)
def box(picture, reach):  # type: ignore[no-untyped-def]
    """Return the sides of the box that holds all that is not zero: top, bottom, left, right.

    The sides are rounded outwards to whole ``LANES``.

    Parameters
    ----------
    picture
        Picture, ``(H, W)`` float32.
    reach
        Margin on every side, px.
    """
    top, bottom, left, right = 0, picture.shape[0], 0, picture.shape[1]
    if picture[0, 0] != 0 and picture[-1, -1] != 0:
        return top, bottom, left, right
    bits, filled = picture.view(np.int32), np.zeros(picture.shape[1], np.int32)
    while top < bottom and _empty(bits[top]):
        top += 1
    while bottom > top and _empty(bits[bottom - 1]):
        bottom -= 1
    for y in range(top, bottom):
        row = bits[y]
        for x in range(len(filled)):
            filled[x] |= row[x]
    while left < right and filled[left] == 0:
        left += 1
    while right > left and filled[right - 1] == 0:
        right -= 1
    left, right = max(left - reach, 0) // LANES * LANES, -(-(right + reach) // LANES) * LANES
    return max(top - reach, 0), min(bottom + reach, len(bits)), left, min(right, len(filled))


@njit(cache=True)
def _empty(row):  # type: ignore[no-untyped-def]
    anything = np.int32(0)
    for x in range(len(row)):
        anything |= row[x]
    return anything == 0
