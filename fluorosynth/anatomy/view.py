"""Where a frame lies in the patient: pixel grids in millimetres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
    x, y
        ``(H, W)``, mm to the right of and below the frame's centre.
    """

    fov: float
    x: Map
    y: Map

    @classmethod
    def draw(cls, size: int, fov: float, rng: np.random.Generator) -> View:
        """Draw a view of ``size`` px whose warp strays by about 1.5 % of the field."""
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
        """Return (across, along), in mm, of axes centred at (x, y) and turned by ``angle``.

        At angle 0, across is x and along is y; a positive angle turns them clockwise as seen.
        """
        c, s = np.cos(angle), np.sin(angle)
        across, along = self.x * c, self.y * c
        across += self.y * s
        along -= self.x * s
        across -= c * x + s * y
        along -= c * y - s * x
        return across, along

    def around(self, x: float, y: float, reach: float) -> tuple[View, tuple[slice, slice]]:
        """Return the part of the view within ``reach`` mm of (x, y), and where it lies.

        The place is generous by the warp; work on small parts is what keeps rendering fast.
        """
        return self._part(x - reach, x + reach, y - reach, y + reach)

    def band(self, x: float, reach: float) -> tuple[View, tuple[slice, slice]]:
        """Return the columns within ``reach`` mm of x, and where they lie."""
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
