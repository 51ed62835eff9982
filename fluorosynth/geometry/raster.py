"""Centrelines to pixels: exact-width masks of tubes.

A pixel belongs to an instrument when its centre lies within half a width of the centreline (the
polyline through its points): round joints, round ends. A curve that crosses itself is one union.
``cv2.polylines`` draws up to 2 px wider than asked for, and ``cv2.fillPoly`` rounds its corners
to whole pixels.

The loops are compiled by numba without ``fastmath``: the same bytes on any processor.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fluorosynth.sample import Device, Mask

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int32]

MIN_LABEL_WIDTH = 1.0  # px: an instrument thinner than a pixel is labelled one pixel wide


def rasterise(devices: Sequence[Device], shape: tuple[int, int]) -> Mask:
    """Return the ``(H, W)`` uint8 mask: 1 where a pixel's centre lies in a tube, else 0.

    Parameters
    ----------
    devices
        Instruments in pixels of the mask.
    shape
        Height and width of the mask, px.

    Examples
    --------
    >>> wire = Device(np.float32([[2, 2], [2, 7]]), np.float32([3, 3]))
    >>> int(rasterise([wire], (10, 10))[5].sum())
    3
    """
    mask = np.zeros(shape, np.uint8)
    for device in devices:
        cover(mask, device.centreline, device.width)
    return mask


def cover(mask: Mask, centreline: Floats, width: Floats, value: int = 1) -> Indices:
    """Set a tube's pixels in ``mask`` and return those that were not ``value`` before.

    Parameters
    ----------
    mask
        Mask, ``(H, W)`` uint8, C-contiguous, written to. Parts of the tube outside it are clipped.
    centreline
        Points, ``(n, 2)`` float32, ``(x, y)`` in pixels, n >= 2.
    width
        Full width at each point, ``(n,)`` float32, px, linear between the points; at least
        ``MIN_LABEL_WIDTH`` is drawn.
    value
        Value that is set, 0 to 255.

    Returns
    -------
    ``(k,)`` int32 flat indices, in the order in which the tube reaches them.
    """
    return _cover(mask, centreline, width, value)  # type: ignore[no-any-return]


@njit(cache=True)
def _cover(mask, centreline, diameter, value):  # type: ignore[no-untyped-def]
    height, width = mask.shape
    found = np.empty(1024, np.int32)
    count = 0
    for i in range(len(centreline) - 1):
        ax, ay = np.float64(centreline[i, 0]), np.float64(centreline[i, 1])
        dx, dy = centreline[i + 1, 0] - ax, centreline[i + 1, 1] - ay
        r = max(np.float64(diameter[i]), MIN_LABEL_WIDTH) * 0.5
        dr = max(np.float64(diameter[i + 1]), MIN_LABEL_WIDTH) * 0.5 - r
        reach, square = max(r, r + dr), max(dx * dx + dy * dy, 1e-12)
        top = max(int(np.ceil(min(ay, ay + dy) - reach)), 0)
        bottom = min(int(np.floor(max(ay, ay + dy) + reach)), height - 1)
        for y in range(top, bottom + 1):
            # The stretch of the segment that is within reach of this row bounds the columns.
            u0, u1 = 0.0, 1.0
            if dy != 0:
                u0, u1 = (y - reach - ay) / dy, (y + reach - ay) / dy
                u0, u1 = max(min(u0, u1), 0.0), min(max(u0, u1), 1.0)
            x0, x1 = ax + u0 * dx, ax + u1 * dx
            left = max(int(np.ceil(min(x0, x1) - reach)), 0)
            right = min(int(np.floor(max(x0, x1) + reach)), width - 1)
            for x in range(left, right + 1):
                u = min(max(((x - ax) * dx + (y - ay) * dy) / square, 0.0), 1.0)
                ex, ey, radius = x - ax - u * dx, y - ay - u * dy, r + u * dr
                if ex * ex + ey * ey <= radius * radius and mask[y, x] != value:
                    mask[y, x] = value
                    if count == len(found):
                        longer = np.empty(2 * count, np.int32)
                        for k in range(count):
                            longer[k] = found[k]
                        found = longer
                    found[count] = y * width + x
                    count += 1
    return found[:count]
