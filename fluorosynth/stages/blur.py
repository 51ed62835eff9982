"""Unsharpness of focal spot and detector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fluorosynth.errors import UsageError
from fluorosynth.ranges import Range, Uniform
from fluorosynth.sample import Intensities
from fluorosynth.stages.base import Detector
from fluorosynth.xray.blur import blur


@dataclass(frozen=True)
class Blur(Detector):
    """Convolve with a Gaussian.

    Parameters
    ----------
    sigma
        Standard deviation, 0 to 20 px of a 256 px picture; scales with its side.
    """

    sigma: Range = Uniform(0.3, 1.2)

    def detect(
        self, image: Intensities, contrast: Intensities | None, rng: np.random.Generator
    ) -> tuple[Intensities, Intensities | None, dict[str, Any]]:
        """Blur picture and contrast alike."""
        sigma = self.sigma.draw(rng)
        if not 0 <= sigma <= 20:
            raise UsageError(f"blur drew a sigma of {sigma} px; it must be in [0, 20]")
        pixels = sigma * max(image.shape) / 256
        soft = None if contrast is None else blur(contrast, pixels)
        return blur(image, pixels), soft, {"sigma": sigma}
