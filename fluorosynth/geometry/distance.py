"""Distances that are exact, so that what is made of them can be made again."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.geometry.filled_box import filled_box

EXACT = 2048  # px


def distance_to(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return each pixel's distance to the mask in pixels: exact, so that sums are repeatable.

    OpenCV's square roots differ in the last bit from call to call, by where the array lies in
    memory; the squares are whole numbers, which float32 tells apart below 2048 pixels.

    Parameters
    ----------
    mask
        Pixels in question, ``(H, W)`` bool.
    """
    if math.hypot(*mask.shape) >= EXACT:
        from scipy.ndimage import distance_transform_edt

        return np.asarray(distance_transform_edt(~mask), np.float64)
    near = cv2.distanceTransform((~mask).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(np.sqrt(np.rint(np.square(near, dtype=np.float64))), np.float64)


def depth_in(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return how far each pixel of a mask is from what is not, or from beyond the border.

    Parameters
    ----------
    mask
        Pixels in question, ``(H, W)`` bool.

    Returns
    -------
    Distances ``(H, W)`` float32, px; 0 outside the mask.

    Examples
    --------
    >>> depth_in(np.ones((3, 3), bool)).tolist()
    [[1.0, 1.0, 1.0], [1.0, 2.0, 1.0], [1.0, 1.0, 1.0]]
    """
    rows, columns = filled_box(mask)  # nothing beyond it is nearer than the ring around it
    depth = np.zeros(mask.shape, np.float32)
    outside = np.pad(~mask[rows, columns], 1, constant_values=True)
    depth[rows, columns] = distance_to(outside)[1:-1, 1:-1]
    return depth
