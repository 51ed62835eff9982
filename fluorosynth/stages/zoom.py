"""Zoom about the picture's centre."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from fluorosynth.errors import UsageError
from fluorosynth.ranges import Range, Uniform
from fluorosynth.sample import Matrix
from fluorosynth.stages.base import Geometry, about_centre


@dataclass(frozen=True)
class Zoom(Geometry):
    """Enlarge picture and instruments about the centre.

    The factor is rounded so that a window of whole pixels fills the picture (by at most .6 % at 256
    px); the rounded one is what maps the curves and what the provenance records.

    Gherardini et al. 2020, section 3.2: "scaling (zoom, [-0.6, 1.4])". A factor cannot be negative:
    read as [0.6, 1.4].

    Parameters
    ----------
    factor
        Factor on all lengths, > 0; 2 is twice as large.
    axes
        Number of factors: one (``"together"``), or one for each axis (``"apart"``), as a well-known
        ``ImageDataGenerator`` reads ``zoom_range``.
    """

    factor: Range = Uniform(0.75, 1.35)
    axes: Literal["together", "apart"] = "together"

    def draw(
        self, shape: tuple[int, int], rng: np.random.Generator
    ) -> tuple[Matrix, dict[str, Any]]:
        """Return the matrix and the factors."""
        x = self.factor.draw(rng)
        y = x if self.axes == "together" else self.factor.draw(rng)
        x, y = _whole(x, shape[1]), _whole(y, shape[0])
        return about_centre(x, 0.0, 0.0, y, shape), {"factor_x": x, "factor_y": y}


def _whole(factor: float, side: int) -> float:
    """Return the nearest factor whose centred window is a whole number of pixels."""
    if not factor > 0:
        raise UsageError(f"zoom needs a factor above 0, and drew {factor:.3g}")
    margin = round((side / factor - side) / 2)
    return side / max(side + 2 * margin, 2 - side % 2)
