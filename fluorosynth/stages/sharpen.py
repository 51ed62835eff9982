"""Edge enhancement, as consoles do it before they show a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fluorosynth.ranges import LogUniform, Range, Uniform, draw_within
from fluorosynth.sample import Intensities
from fluorosynth.stages.base import Detector
from fluorosynth.xray.blur import blur

DARKEST = np.float32(1e-3)  # intensity; what follows may take its logarithm


@dataclass(frozen=True)
class Sharpen(Detector):
    """Unsharp masking, I + a (I - G * I): edges steepen, and a thin shadow gets a bright rim.

    Most consoles do so by default. Backgrounds from real frames have been through it; an
    instrument without a rim beside enhanced arteries would stand out by that alone. The result
    is held in [0.001, 1].

    Parameters
    ----------
    amount
        Weight a of the difference, in [0, 10].
    sigma
        Standard deviation of the Gaussian G, px of a 256 px picture; scales with its side.

    Examples
    --------
    >>> from fluorosynth import Sample
    >>> edge = np.full((256, 256), 0.5, np.float32)
    >>> edge[:, 128:] = 0.25
    >>> sample = Sample(edge, mask=np.zeros((256, 256), np.uint8))
    >>> after = Sharpen()(sample, np.random.default_rng(0)).image
    >>> bool(after.max() > 0.5 and after.min() < 0.25)
    True
    """

    amount: Range = Uniform(0.2, 1.5)
    sigma: Range = LogUniform(0.8, 4.0)

    def detect(
        self, image: Intensities, contrast: Intensities | None, rng: np.random.Generator
    ) -> tuple[Intensities, Intensities | None, dict[str, Any]]:
        """Enhance picture and contrast alike."""
        amount = draw_within(0, 10, self.amount, "sharpen: amount", rng)
        sigma = draw_within(0, 20, self.sigma, "sharpen: sigma in px", rng)
        pixels = sigma * max(image.shape) / 256
        if contrast is not None:
            contrast = blur(contrast, pixels, -amount)
        sharp = blur(image, pixels, -amount)
        sharp = np.clip(sharp, DARKEST, 1, out=None if sharp is image else sharp)
        return sharp, contrast, {"amount": amount, "sigma": sigma}
