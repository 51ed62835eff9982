"""The publication's instrument: background grey plus per-pixel noise."""

from __future__ import annotations

from dataclasses import dataclass
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
            return sample
        image = sample.image.copy()
        flat = image.reshape(-1)
        under = image if self.reference == "image" else flat[covered]
        mean = int(cv2.mean(under)[0] + 0.5)
        low, high = mean - self.amount, mean + self.amount
        grey = rng.integers(low, high + 1, len(covered), np.int16)
        if low < 0 or high > 255:
            np.clip(grey, 0, 255, out=grey)
        flat[covered] = grey.astype(np.uint8)
        meta = record(sample, self, {"mean": mean})
        return Sample(image, sample.devices, meta, sample.mask, sample.ignore, pixels=covered)
