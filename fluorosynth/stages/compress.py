"""Dynamic range compression: bright and dark regions brought together, edges left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fluorosynth.ranges import Range, Uniform, draw_within
from fluorosynth.sample import Intensities, Sample
from fluorosynth.stages.base import Detector
from fluorosynth.xray.blur import coarse_blur, interpolated

CELL = 8  # px of a 256 px picture, at least: between, the surroundings are linear
DARKEST = np.float32(1e-3)  # intensity, as of ``Sharpen``
BRIGHTEST = 0.5  # of the regions afterwards: room for what is brighter in them


@dataclass(frozen=True)
class Compress(Detector):
    """Divide by a power of the surroundings' brightness: I (G * I)^-a, as consoles do.

    Without it a display that shows both lung and spine shows little of either. The exponent is as
    large as it has to be, so that a flat picture stays as it is. Frames from a display have been
    through it already, so that, unless ``frames`` says so, only pictures are compressed whose
    background came as line integrals.

    Parameters
    ----------
    span
        Attenuation that the surroundings span afterwards, at most: from the 2nd percentile of
        their brightness to the 98th.
    sigma
        Standard deviation of the Gaussian G, at least 8 px of a 256 px picture; scales with its
        side.
    frames
        Whether pictures whose background a display showed are compressed, too.

    Examples
    --------
    >>> field = np.full((256, 256), 0.8, np.float32)
    >>> field[:, 128:] = 0.1
    >>> sample = Sample(field, mask=np.zeros((256, 256), np.uint8))
    >>> after = Compress(frames=True)(sample, np.random.default_rng(0)).image
    >>> bool(after[9, 9] / after[9, 250] < 8)
    True
    """

    span: Range = Uniform(0.25, 1.0)
    sigma: Range = Uniform(12.0, 30.0)
    frames: bool = False

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample compressed, or as it is."""
        if sample.span is None and not self.frames:
            return sample
        return super().apply(sample, rng)

    def detect(
        self, image: Intensities, contrast: Intensities | None, rng: np.random.Generator
    ) -> tuple[Intensities, Intensities | None, dict[str, Any]]:
        """Compress picture and contrast alike."""
        span = draw_within(1e-3, 1e3, self.span, "compress: span", rng)
        sigma = draw_within(CELL, 1e3, self.sigma, "compress: sigma in px", rng)
        scale = max(image.shape) / 256
        around, cell = coarse_blur(image, sigma * scale, max(int(CELL * scale), 1))
        around = np.maximum(around, DARKEST)
        logarithm = np.log(around.astype(np.float64)).round(6)
        ordered = np.sort(logarithm, axis=None)
        few = len(ordered) // 50
        spanned = float(ordered[-1 - few] - ordered[few])
        drawn = {"exponent": max(1 - span / spanned, 0.0) if spanned else 0.0, "sigma": sigma}
        # Rounded past the digits in which processors differ
        gain = np.exp(drawn["exponent"] * (ordered[-1] - logarithm)).round(6)
        gain *= BRIGHTEST / float((around * gain).max())
        factor = gain.astype(np.float32)
        if cell > 1:
            factor = interpolated(factor, cell, image.shape)
        if contrast is not None:
            contrast = contrast * factor
        np.multiply(image, factor, out=factor)  # no further pictures: memory is what takes the time
        return np.minimum(factor, 1, out=factor), contrast, drawn
