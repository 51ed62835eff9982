"""The publication's instrument: background grey plus per-pixel noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Interval
from numba import njit

from fluorosynth.sample import Sample
from fluorosynth.stages.base import Intensity, record
from fluorosynth.stages.order import RENDERED


@dataclass(frozen=True)
class Jitter(Intensity):
    """Set each instrument pixel to a mean grey value plus an integer, uniform in [-amount, amount].

    Gherardini et al. 2020, section 3.2: "The intensity of each catheter pixel was set to the
    average value of the background intensity plus a random value in the [-50, 50] range to
    simulate the discontinuous appearance". Saturated to 0..255.

    Parameters
    ----------
    amount
        Largest deviation, grey levels, 0 to 255; one value is drawn per pixel.
    reference
        Region of the average: the whole moved background (``"image"``, how we read the sentence) or
        the background under the instrument (``"local"``).
    """

    takes = RENDERED

    fresh: ClassVar[bool] = True

    amount: Annotated[int, Interval(ge=0, le=255)] = 50
    reference: Literal["image", "local"] = "image"

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Overwrite the instrument's pixels."""
        covered = sample.pixels
        if covered is None or len(covered) == 0:
            return sample
        mean = _mean(sample.image.reshape(-1), covered, self.reference == "image")
        low, high = mean - self.amount, mean + self.amount
        grey = rng.integers(low, high + 1, len(covered), np.int16)
        image = _painted(sample.image, covered, grey)
        return sample.with_(image=image, meta=record(sample, self, {"mean": mean}))


@njit(cache=True)
def _mean(flat, covered, everywhere):  # type: ignore[no-untyped-def]
    total = 0
    if everywhere:
        for grey in flat:
            total += grey
        return int(total / len(flat) + 0.5)
    for at in covered:
        total += flat[at]
    return int(total / len(covered) + 0.5)


@njit(cache=True)
def _painted(image, covered, grey):  # type: ignore[no-untyped-def]
    painted = image.copy()
    flat = painted.reshape(-1)
    for at, value in zip(covered, grey):  # noqa: B905 - numba's zip takes no strict
        flat[at] = min(max(value, 0), 255)
    return painted
