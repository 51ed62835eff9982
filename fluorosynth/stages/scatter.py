"""Scattered radiation: a veil that takes contrast away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fluorosynth.errors import UsageError
from fluorosynth.ranges import Range, Uniform
from fluorosynth.sample import Intensities
from fluorosynth.stages.base import Detector
from fluorosynth.xray.blur import wide_blur


@dataclass(frozen=True)
class Scatter(Detector):
    """Replace the share F of the primary rays by their Gaussian blur: (1 - F) I + F G * I.

    Small shadows keep (1 - F) of their contrast.

    Parameters
    ----------
    share
        Share F of the rays that are scattered, in [0, 1).
    sigma
        Standard deviation of the spread G, px of a 256 px picture; scales with its side.
    """

    share: Range = Uniform(0.1, 0.5)
    sigma: Range = Uniform(15.0, 40.0)

    def detect(
        self, image: Intensities, contrast: Intensities | None, rng: np.random.Generator
    ) -> tuple[Intensities, Intensities | None, dict[str, Any]]:
        """Add the veil."""
        share, sigma = self.share.draw(rng), self.sigma.draw(rng)
        if not (0 <= share < 1 and 0 <= sigma <= 1e3):
            raise UsageError(f"scatter drew a share of {share} and a sigma of {sigma} px")
        primary = np.float32(1 - share)
        if contrast is not None:
            contrast = contrast * primary
        veil = wide_blur(image, sigma * max(image.shape) / 256, share)
        return veil, contrast, {"share": share, "sigma": sigma}
