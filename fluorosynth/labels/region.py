"""Regions of a frame: a brush stroke or a polygon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fluorosynth.geometry.polygon import pixels_inside
from fluorosynth.geometry.raster import cover
from fluorosynth.sample import Points


@dataclass(frozen=True, eq=False)
class Region:
    """A part of a frame.

    Parameters
    ----------
    points
        Course of a brush (n >= 1), or corners of a polygon (n >= 3) whose last one is joined to the
        first: ``(n, 2)`` float32, ``(x, y)`` in pixels.
    width
        Full width of the brush, px, > 0; None: a polygon.

    Examples
    --------
    >>> square = Region(np.float32([[0.5, 0.5], [3.5, 0.5], [3.5, 3.5], [0.5, 3.5]]))
    >>> int(square.mask((8, 8)).sum())
    9
    """

    points: Points
    width: float | None = None

    def mask(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Return ``(H, W)`` bool: True where a pixel's centre lies in the region.

        What a polygon encloses is counted even-odd.

        Parameters
        ----------
        shape
            Height and width of the frame, px.
        """
        if self.width is not None:
            mask = np.zeros(shape, np.uint8)
            points = self.points if len(self.points) > 1 else np.repeat(self.points, 2, axis=0)
            cover(mask, points, np.full(len(points), self.width, np.float32))
            return mask.astype(bool)
        return pixels_inside(self.points, shape)
