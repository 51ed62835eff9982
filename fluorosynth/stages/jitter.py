"""The publication's instrument: background grey plus per-pixel noise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal

import cv2
import numpy as np
from annotated_types import Interval

from fluorosynth.sample import Sample
from fluorosynth.stages.base import Intensity, record


@dataclass(frozen=True)
class Jitter(Intensity):
    """Set each instrument pixel to a mean grey value plus an integer, uniform in [-amount, amount].

    Gherardini et al. 2020, section 3.2: "The intensity of each catheter pixel was set to the
    average value of the background intensity plus a random value in the [-50, 50] range to
    simulate the discontinuous appearance". Saturated to 0..255.

    Parameters
    ----------
    amount
        Grey levels, 0..255; one value is drawn per pixel.
    reference
        Which average: of the whole moved background (``"image"``, how we read the sentence) or
        of the background under the instrument (``"local"``).
    """

    amount: Annotated[int, Interval(ge=0, le=255)] = 50
    reference: Literal["image", "local"] = "image"

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Overwrite the instrument's pixels."""
        covered = sample.pixels
        if covered is None or len(covered) == 0:
            return replace(sample, meta=record(sample, self, {"mean": None}))
        image = sample.image.copy()
        flat = image.reshape(-1)
        mean = int((cv2.mean(image) if self.reference == "image" else cv2.mean(flat[covered]))[0] + 0.5)
        noise = rng.integers(-self.amount, self.amount, len(covered), np.int16, endpoint=True)
        noise += mean
        flat[covered] = np.minimum(np.maximum(noise, 0), 255)
        return replace(sample, image=image, meta=record(sample, self, {"mean": mean}))
