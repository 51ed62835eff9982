"""The edge of the exposed field, at which an instrument leaves it as it leaves the picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.patches.field import exposed_field
from fluorosynth.sample import Device, Image

EDGE = 0.02  # of the longer side: what ends so near to the field's edge goes on beyond it
SIDE = 256  # px, longer side at which a field is looked for


class FieldEdge:
    """The edge of a frame's exposed field, a round or straight collimator or the border.

    Parameters
    ----------
    image
        Frame, ``(H, W)`` uint8.
    stated
        Exposed field that the file states, ``(H, W)`` bool; None: it does not.

    Examples
    --------
    >>> frame = np.zeros((100, 100), np.uint8)
    >>> _ = cv2.circle(frame, (50, 50), 40, 120, -1)
    >>> points = np.float32([[50, 12], [50, 30], [50, 50]])
    >>> FieldEdge(frame).at_ends(Device(points, np.full(3, 2, np.float32)))
    (True, False)
    """

    def __init__(self, image: Image, stated: NDArray[np.bool_] | None = None) -> None:
        self._scale = min(1.0, SIDE / max(image.shape))
        height, width = (max(round(self._scale * side), 1) for side in image.shape)
        small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        field = exposed_field(np.asarray(small, np.uint8))
        if stated is not None:
            inside = cv2.resize(
                stated.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST
            )
            field &= inside > 0
        if not field.any():
            field = np.ones_like(field)
        padded = np.pad(field.astype(np.uint8), 1)
        depth = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        self._depth = np.asarray(depth, np.float32)[1:-1, 1:-1]

    def at_ends(self, device: Device) -> tuple[bool, bool]:
        """Tell whether the first and the last point of a curve lie at the edge.

        Parameters
        ----------
        device
            Curve in the frame.
        """
        far = np.array(self._depth.shape[::-1]) - 1
        ends = (device.centreline[[0, -1]] + 0.5) * self._scale - 0.5
        x, y = np.rint(np.clip(ends, 0, far)).astype(int).T
        width = float(np.median(device.width)) * self._scale
        first, last = (self._depth[y, x] <= max(EDGE * max(self._depth.shape), width)).tolist()
        return first, last
