"""Labels where the truth can be seen, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numba import njit

from fluorosynth.errors import UsageError
from fluorosynth.ranges import Constant, Range
from fluorosynth.sample import IGNORE, INSTRUMENT, Sample
from fluorosynth.stages.base import Intensity, record

REACH = 3  # px around a pixel in which its instrument's contrast and noise are measured


@dataclass(frozen=True)
class Visible(Intensity):
    """Set to 255 (ignore) each instrument pixel whose instrument cannot be seen.

    It stands after ``display``. The instruments' contrast in grey levels, known exactly, is
    compared with the noise around: a pixel counts as seen where the largest contrast within 3 px
    is at least ``depth`` grey levels and ``ratio`` times the noise. Saturated pixels and those
    under a field's border have no contrast.

    Parameters
    ----------
    depth
        Grey levels, >= 0.
    ratio
        Contrast over the standard deviation of the noise, >= 0. The noise is
        that of a single pixel; the eye averages along the instrument.
    """

    depth: Range = Constant(3.0)
    ratio: Range = Constant(1.0)

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with a new mask."""
        depth, ratio = self.depth.draw(rng), self.ratio.draw(rng)
        if sample.image.dtype != np.uint8:
            raise UsageError("stage 'visible' judges what is shown: put it after 'display'")
        if sample.contrast is None or sample.pixels is None or sample.mask is None:
            return sample
        mask = sample.mask.copy()
        hidden = int(_hide(mask, sample.pixels, sample.contrast, sample.image, depth, ratio))
        meta: dict[str, Any] = record(sample, self, {"hidden": hidden})
        seen = sample.pixels[mask.reshape(-1)[sample.pixels] == INSTRUMENT]
        return replace(sample, mask=mask, meta=meta, pixels=seen)


@njit(cache=True)
def _hide(mask, pixels, contrast, image, depth, ratio):  # type: ignore[no-untyped-def]
    height, width = mask.shape
    hidden = 0
    for pixel in pixels:
        y, x = pixel // width, pixel % width
        deepest, total, count = np.float32(0), 0.0, 0
        for v in range(max(y - REACH, 0), min(y + REACH + 1, height), 2):
            for u in range(max(x - REACH, 1), min(x + REACH + 1, width - 1)):
                deepest = max(deepest, abs(contrast[v, u]))
                # The second difference of the picture without instruments is mostly noise
                bend = 2.0 * (image[v, u] + contrast[v, u])
                bend -= image[v, u - 1] + contrast[v, u - 1] + image[v, u + 1] + contrast[v, u + 1]
                total += bend * bend
                count += 1
        noise = np.sqrt(total / max(count, 1) / 6.0)
        if deepest < depth or deepest < ratio * noise:
            mask[y, x] = IGNORE
            hidden += 1
    return hidden
