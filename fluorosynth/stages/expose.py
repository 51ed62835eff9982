"""From a display's grey levels back to the intensity behind them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from fluorosynth.errors import UsageError
from fluorosynth.ranges import Range, Uniform
from fluorosynth.sample import Intensities, Sample
from fluorosynth.stages.base import Intensity, Stage, with_picture
from fluorosynth.stages.order import GREY
from fluorosynth.xray.beer_lambert import attenuated

WHITE = np.ones((1, 256), np.float32)
BLACKNESS = np.linspace(1, 0, 256)[None].astype(np.float32)  # of grey levels


@dataclass(frozen=True)
class Expose(Intensity):
    """Read grey level g as the intensity exp(-span (1 - g / 255)): white is 1.

    A display shows about the logarithm of what arrives, so that equal attenuation is an equal
    step of grey everywhere. A background that is line integrals knows its span; that of a frame
    has to be drawn.

    Parameters
    ----------
    span
        Attenuation from black to white of a display, > 0. The lungs and the spine of a chest
        differ by 1.5 to 2.5; the smaller the span, the deeper an instrument's shadow.
    """

    takes = GREY
    gives = "exposed"

    span: Range = Uniform(1.2, 3.0)

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with a float32 picture in (0, 1]."""
        span = self.span.draw(rng) if sample.span is None else sample.span
        if not 0 < span <= 20:
            raise UsageError(f"expose drew a span of {span}; it must be in (0, 20]")
        image = cv2.LUT(sample.image, intensity_of_levels(span))
        return with_picture(sample, self, {"span": span}, image, sample.contrast)


def exposes(stages: Iterable[Stage]) -> bool:
    """Return whether a stage among several, or inside one of them, exposes pictures.

    Parameters
    ----------
    stages
        Stages of a recipe.
    """
    return any(
        isinstance(stage, Expose) or exposes(getattr(stage, "stages", ())) for stage in stages
    )


def intensity_of_levels(span: float) -> Intensities:
    """Return the intensity of each grey level, ``(1, 256)``.

    Parameters
    ----------
    span
        Attenuation from black to white, > 0.
    """
    return attenuated(WHITE, np.float32(span) * BLACKNESS)
