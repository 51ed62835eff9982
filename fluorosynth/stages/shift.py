"""Translation by a share of the picture's sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fluorosynth.ranges import Range, Uniform
from fluorosynth.sample import Matrix
from fluorosynth.stages.base import Geometry


@dataclass(frozen=True)
class Shift(Geometry):
    """Move picture and instruments by whole pixels.

    Gherardini et al. 2020, section 3.2: "horizontal/vertical shift (width shift / height shift,
    [-0.2, 0.2])"; read as fractions of the side, both drawn.

    Parameters
    ----------
    x
        Way to the right as a fraction of the width.
    y
        Way down as a fraction of the height.
    """

    x: Range = Uniform(-0.2, 0.2)
    y: Range = Uniform(-0.2, 0.2)

    def draw(
        self, shape: tuple[int, int], rng: np.random.Generator
    ) -> tuple[Matrix, dict[str, Any]]:
        """Return the matrix and the shifts in pixels."""
        x = round(self.x.draw(rng) * shape[1])
        y = round(self.y.draw(rng) * shape[0])
        return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]]), {"x": x, "y": y}
