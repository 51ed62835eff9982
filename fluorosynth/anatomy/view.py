"""Where a frame lies in the patient: pixel grids in millimetres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from fluorosynth.anatomy.fields import Map, smooth


@dataclass(frozen=True)
class View:
    """Pixels of a frame in gently warped patient coordinates.

    The warp is what makes circles into organs: every shape is written as if it were regular and
    comes out irregular, neighbours bending alike.

    Parameters
    ----------
    fov
        Side of the whole frame in mm, at the patient.
    x
        Distance of each pixel to the right of the frame's centre, ``(H, W)``, mm.
    y
        Distance of each pixel below the frame's centre, ``(H, W)``, mm.
    """

    fov: float
    x: Map
    y: Map

    @classmethod
    def draw(cls, size: int, fov: float, rng: np.random.Generator) -> View:
        """Draw a view whose warp strays by about 1.5 % of the field.

        Parameters
        ----------
        size
            Side of the frame, px.
        fov
            Side of the frame, mm at the patient.
        rng
            Source of all draws.
        """
        axis = ((np.arange(size) + 0.5) / size - 0.5) * fov
        bend = rng.normal(0.0, 0.03 * fov, (2, 5, 5))
        return cls(
            fov, axis[None, :] + smooth(bend[0], size), axis[:, None] + smooth(bend[1], size)
        )

    @property
    def size(self) -> int:
        """Pixels down the frame."""
        return len(self.x)

    def turned(self, x: float, y: float, angle: float) -> tuple[Map, Map]:
        """Return (across, along), in mm, of axes about a point.

        Parameters
        ----------
        x
            Distance of the point to the right of the frame's centre, mm.
        y
            Distance of the point below the frame's centre, mm.
        angle
            Turn of the axes, radians, clockwise as seen; 0: across is x and along is y.
        """
        c, s = np.cos(angle), np.sin(angle)
        across, along = np.empty(self.x.shape), np.empty(self.x.shape)
        _turn(across, along, self.x, self.y, c, s, c * x + s * y, c * y - s * x)
        return across, along

    def around(self, x: float, y: float, reach: float) -> tuple[View, tuple[slice, slice]]:
        """Return the part of the view near a point, and where it lies.

        The place is generous by the warp; work on small parts is what keeps rendering fast.

        Parameters
        ----------
        x
            Distance of the point to the right of the frame's centre, mm.
        y
            Distance of the point below the frame's centre, mm.
        reach
            Distance from the point that the part covers, mm.
        """
        return self._part(x - reach, x + reach, y - reach, y + reach)

    def band(self, x: float, reach: float) -> tuple[View, tuple[slice, slice]]:
        """Return the columns of the view near a vertical line, and where they lie.

        Parameters
        ----------
        x
            Distance of the line to the right of the frame's centre, mm.
        reach
            Distance from the line that the columns cover, mm.
        """
        return self._part(x - reach, x + reach, -self.fov, self.fov)

    def _part(
        self, left: float, right: float, top: float, low: float
    ) -> tuple[View, tuple[slice, slice]]:
        size, slack = self.size, 0.06
        edges = np.array([top / self.fov - slack, low / self.fov + slack])
        rows = slice(*np.clip((edges + 0.5) * size, 0, size).astype(int))
        edges = np.array([left / self.fov - slack, right / self.fov + slack])
        cols = slice(*np.clip((edges + 0.5) * size, 0, size).astype(int))
        return View(self.fov, self.x[rows, cols], self.y[rows, cols]), (rows, cols)


@njit(cache=True)
def _turn(across, along, x, y, c, s, right, down):  # type: ignore[no-untyped-def]
    for j in range(len(x)):
        for i in range(x.shape[1]):
            across[j, i] = x[j, i] * c + y[j, i] * s - right
            along[j, i] = y[j, i] * c - x[j, i] * s - down
