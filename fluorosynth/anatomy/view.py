"""Where a frame lies in the patient: pixel grids in millimetres."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fluorosynth.anatomy.fields import smooth

Map = NDArray[np.float64]


@dataclass(frozen=True)
class View:
    """A square frame of ``size`` pixels over ``fov`` mm, in gently warped patient coordinates.

    The warp is what makes circles into organs: every shape is written as if it were regular and
    comes out irregular, neighbours bending alike.

    Parameters
    ----------
    size
        Side in px.
    fov
        Side in mm, at the patient.
    bend
        ``(2, n, n)`` float64, displacement in mm on a coarse grid; ``(2, 1, 1)`` zeros: none.
    """

    size: int
    fov: float
    bend: Map

    @classmethod
    def draw(cls, size: int, fov: float, rng: np.random.Generator) -> View:
        """Draw a view whose warp has a standard deviation of about 2 % of the field."""
        return cls(size, fov, rng.normal(0.0, 0.03 * fov, (2, 5, 5)))

    @property
    def mm(self) -> float:
        """Millimetres a pixel."""
        return self.fov / self.size

    @cached_property
    def x(self) -> Map:
        """``(size, size)``, mm to the right of the frame's centre."""
        return self._axis()[None, :] + smooth(self.bend[0], self.size)

    @cached_property
    def y(self) -> Map:
        """``(size, size)``, mm below the frame's centre."""
        return self._axis()[:, None] + smooth(self.bend[1], self.size)

    def turned(self, x: float, y: float, angle: float) -> tuple[Map, Map]:
        """Return (across, along), in mm, of axes centred at (x, y) and turned by ``angle``.

        At angle 0, across is x and along is y; a positive angle turns them clockwise as seen.
        """
        c, s = np.cos(angle), np.sin(angle)
        dx, dy = self.x - x, self.y - y
        return c * dx + s * dy, c * dy - s * dx

    def _axis(self) -> Map:
        return ((np.arange(self.size) + 0.5) / self.size - 0.5) * self.fov
