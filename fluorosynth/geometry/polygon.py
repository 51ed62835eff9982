"""The pixels of a polygon."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def pixels_inside(corners: NDArray[np.floating[Any]], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return ``(H, W)`` bool: which pixel centres a polygon holds, even-odd.

    Parameters
    ----------
    corners
        Corners, ``(n, 2)``, ``(x, y)`` in pixels; the last one is joined to the first.
    shape
        Height and width of the picture, px.

    Examples
    --------
    >>> square = np.array([[0.5, 0.5], [3.5, 0.5], [3.5, 3.5], [0.5, 3.5]])
    >>> int(pixels_inside(square, (8, 8)).sum())
    9
    """
    odd = np.zeros(shape, bool)
    columns = np.arange(shape[1])
    ends = corners.astype(np.float64)
    for (ax, ay), (bx, by) in zip(ends, np.roll(ends, -1, axis=0), strict=True):
        top = max(int(np.ceil(min(ay, by))), 0)
        end = min(int(np.ceil(max(ay, by))), shape[0])
        if top < end:  # so a horizontal side counts for nothing
            rows = np.arange(top, end)
            crossing = ax + (rows - ay) * (bx - ax) / (by - ay)
            odd[top:end] ^= columns < crossing[:, None]  # an odd number of sides to the right
    return odd
