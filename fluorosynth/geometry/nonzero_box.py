"""Where a mostly empty picture holds anything: loops leave out the rest.

Arrays are made by NumPy and handed to the loops: what allocates in a compiled loop takes several
times as long to compile.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

LANES = 32  # columns that compiled loops take at once; what is left over they take one by one
SIGN = np.int32(0x7FFFFFFF)  # all bits of a float32 but its sign

Sides = tuple[int, int, int, int]


def box(picture: NDArray[np.float32], reach: int) -> Sides:
    """Return the sides of the box that holds all that is not zero: top, bottom, left, right.

    The sides are rounded outwards to whole ``LANES``.

    Parameters
    ----------
    picture
        Picture, ``(H, W)`` float32, C-contiguous.
    reach
        Margin on every side, px.
    """
    filled = np.zeros(picture.shape[1], np.int32)
    return _box(picture.view(np.int32), filled, reach)  # type: ignore[no-any-return]


@njit(cache=True)
def _box(bits, filled, reach):  # type: ignore[no-untyped-def]
    top, bottom, left, right = 0, bits.shape[0], 0, bits.shape[1]
    if bits[0, 0] & SIGN and bits[-1, -1] & SIGN:
        return top, bottom, left, right
    while top < bottom and empty(bits[top]):
        top += 1
    while bottom > top and empty(bits[bottom - 1]):
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
def empty(row):  # type: ignore[no-untyped-def]
    """Return whether a part of a row holds nothing.

    Parameters
    ----------
    row
        Bits of float32 numbers, ``(n,)`` int32.
    """
    anything = np.int32(0)
    for x in range(len(row)):
        anything |= row[x]
    return anything == 0
