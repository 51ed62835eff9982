"""Rotation about the picture's centre."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from fluorosynth.ranges import Range, Uniform
from fluorosynth.sample import Matrix
from fluorosynth.stages.base import Geometry, about_centre


@dataclass(frozen=True)
class Rotate(Geometry):
    """Rotate picture and instruments about the centre.

    Gherardini et al. 2020, section 3.2: "rotation, [0, 90 deg]".

    Parameters
    ----------
    angle
        Angle in degrees, counter-clockwise as seen.
    """

    angle: Range = Uniform(-15.0, 15.0)

    def draw(
        self, shape: tuple[int, int], rng: np.random.Generator
    ) -> tuple[Matrix, dict[str, Any]]:
        """Return the matrix and the angle."""
        angle = self.angle.draw(rng)
        cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        return about_centre(cosine, sine, -sine, cosine, shape), {"angle": angle}
