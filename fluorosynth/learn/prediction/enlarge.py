"""A map at the resolution of its frame."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.io.square import resized

Map = NDArray[np.float32]
LEAST = 0.001  # probability, and distance from 1: what a larger map holds lies between them


def map_at(found: Map, height: int, width: int) -> Map:
    """Return a map at another size.

    A smaller one is averaged over areas. A larger one is interpolated in log odds: a map leaps from
    nearly 0 to nearly 1 within a pixel, and interpolated as it is, what lies above a low threshold
    would grow wider with the frame, by half a pixel of the map on each side.

    Parameters
    ----------
    found
        Map, ``(H, W)`` float32 in [0, 1].
    height
        New height, px.
    width
        New width, px.

    Returns
    -------
    Map ``(height, width)`` float32, in [.001, .999] where it is larger; ``found`` itself where that
    is its size.

    Examples
    --------
    >>> edge = np.repeat(np.float32([[0, 0, 1, 1]]), 4, axis=0)
    >>> (map_at(edge, 16, 16)[0] > 0.2).sum(), (resized(edge, 16, 16)[0] > 0.2).sum()
    (np.int64(8), np.int64(9))
    """
    if height <= found.shape[0] and width <= found.shape[1]:
        return resized(found, height, width)
    inside = np.clip(found, LEAST, 1 - LEAST)
    log_odds = np.asarray(cv2.log(inside / (1 - inside)), np.float32)
    return np.asarray(1 / (1 + cv2.exp(-resized(log_odds, height, width))), np.float32)
