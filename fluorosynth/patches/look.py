"""How much there is to see in windows of a frame: structure, and not too much darkness."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.sample import Image

FINE, COARSE = 0.003, 0.03  # of the longer side: structure lies between these
BLACK = 48  # grey below which hardly anything shows,
DIM = 0.6  # or this share of the median of the field, in dim frames
DARK_SHARE = 0.25  # of a window that may be so dark


class Looks:
    """A frame whose windows can be judged fast, through sums over rectangles.

    Parameters
    ----------
    image
        Frame, ``(H, W)`` uint8.
    field
        Exposed field, ``(H, W)`` bool.

    Examples
    --------
    >>> frame = np.full((100, 100), 120, np.uint8)
    >>> frame[:50] = 10
    >>> looks = Looks(frame, np.ones((100, 100), bool))
    >>> looks.dark(10, 10, 30), looks.dark(10, 60, 30)
    (True, False)
    """

    def __init__(self, image: Image, field: NDArray[np.bool_]) -> None:
        inside = image[field]
        limit = min(BLACK, DIM * float(np.median(inside))) if inside.size else BLACK
        longer = max(image.shape)
        grey = image.astype(np.float32)
        fine, coarse = (cv2.GaussianBlur(grey, (0, 0), s * longer) for s in (FINE, COARSE))
        self._dark = cv2.integral((coarse < limit).astype(np.uint8))
        self._power = cv2.integral(np.square(fine - coarse).astype(np.float64))

    def dark(self, x: int, y: int, side: int) -> bool:
        """Tell whether too much of a window is nearly black.

        Parameters
        ----------
        x
            Column of the top-left pixel.
        y
            Row of the top-left pixel.
        side
            Side of the window, px.
        """
        return _mean(self._dark, x, y, side) > DARK_SHARE

    def texture(self, x: int, y: int, side: int) -> float:
        """Return the root mean square of what is finer than shading and coarser than noise.

        Parameters
        ----------
        x
            Column of the top-left pixel.
        y
            Row of the top-left pixel.
        side
            Side of the window, px.

        Returns
        -------
        float
            Grey values.
        """
        return math.sqrt(max(_mean(self._power, x, y, side), 0.0))


def _mean(sums: NDArray[Any], x: int, y: int, side: int) -> float:
    last = float(sums[y + side, x + side]) - float(sums[y, x + side])
    return (last - float(sums[y + side, x]) + float(sums[y, x])) / side**2
