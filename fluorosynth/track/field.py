"""How far from the border of what the detector shows a place is."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.geometry.distance import depth_in
from fluorosynth.patches.field import exposed_field
from fluorosynth.sample import Image
from fluorosynth.track.curve import Array

MARGIN = 0.03  # of the longer side: the penumbra that ``exposed_field`` leaves out, and more


@dataclass(frozen=True, eq=False)
class Room:
    """Distances to the border of the exposed field.

    Parameters
    ----------
    distance
        Distance from each pixel to the nearest that is outside, ``(H, W)`` float32, px.
    exposed
        Field in which something can be seen, ``(H, W)`` float32: 0 where nothing can.
    """

    distance: NDArray[np.float32]
    exposed: NDArray[np.float32]

    @classmethod
    def of(cls, image: Image, curve: Array) -> Room:
        """Measure a frame: its exposed field is the border, unless a known curve leaves it.

        Parameters
        ----------
        image
            Frame, ``(H, W)`` uint8.
        curve
            Points of the known curve, ``(n, 2)``.
        """
        height, width = image.shape
        size = 2 * max(round(MARGIN * max(height, width)), 3) + 1
        box = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
        field = depth_in(cv2.dilate(exposed_field(image).astype(np.uint8), box) > 0)
        frame = depth_in(np.ones(image.shape, bool))
        outside = (look_up(frame, curve) > 0) & (look_up(field, curve) == 0)
        return cls(frame if outside.any() else field, field)

    def at(self, points: Array) -> NDArray[np.float32]:
        """Return the distance at places; 0 outside of the frame.

        Parameters
        ----------
        points
            Places, ``(n, 2)``.
        """
        return look_up(self.distance, points)

    def seen(self, points: Array) -> NDArray[np.bool_]:
        """Return whether something can be seen at places.

        Parameters
        ----------
        points
            Places, ``(n, 2)``.
        """
        return look_up(self.exposed, points) > 0


def look_up(values: NDArray[np.float32], points: Array) -> NDArray[np.float32]:
    """Return an image's values at the pixels that hold places; 0 outside.

    Parameters
    ----------
    values
        Image, ``(H, W)`` float32.
    points
        Places, ``(n, 2)``.
    """
    height, width = values.shape
    x, y = np.rint(points).astype(int).T
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    found = values[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
    return np.where(inside, found, 0).astype(np.float32)
