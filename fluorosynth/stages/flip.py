"""Reflection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from fluorosynth.sample import Matrix
from fluorosynth.stages.base import Geometry, about_centre


@dataclass(frozen=True)
class Flip(Geometry):
    """Mirror picture and instruments.

    Gherardini et al. 2020, section 3.2: "horizontal/vertical flip".

    Parameters
    ----------
    axis
        Axis of the flip: ``horizontal`` (left-right), ``vertical`` (top-bottom) or ``either`` of
        the two, with even odds.
    """

    axis: Literal["horizontal", "vertical", "either"] = "either"

    def draw(
        self, shape: tuple[int, int], rng: np.random.Generator
    ) -> tuple[Matrix, dict[str, Any]]:
        """Return the matrix and the axis."""
        axis = self.axis
        if axis == "either":
            axis = "horizontal" if rng.random() < 0.5 else "vertical"
        x, y = (-1.0, 1.0) if axis == "horizontal" else (1.0, -1.0)
        return about_centre(x, 0.0, 0.0, y, shape), {"axis": axis}
