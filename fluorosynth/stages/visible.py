"""Labels where the truth can be seen, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from fluorosynth.ranges import Constant, Range, draw_within
from fluorosynth.sample import IGNORE, INSTRUMENT, Sample
from fluorosynth.stages.base import Intensity, record
from fluorosynth.stages.order import DISPLAYED

REACH = 3  # px around a pixel in which its instrument's contrast and noise are measured


@dataclass(frozen=True)
class Visible(Intensity):
    """Set to 255 (ignore) each instrument pixel whose instrument cannot be seen.

    The instruments' contrast in grey levels, known exactly, is
    compared with the noise around: a pixel counts as seen where the largest contrast within 3 px
    is at least ``depth`` grey levels and ``ratio`` times the noise. Saturated pixels and those
    under a field's border have no contrast.

    Parameters
    ----------
    depth
        Least contrast that can be seen, grey levels, >= 0.
    ratio
        Least contrast that can be seen over the standard deviation of the noise, >= 0. The noise is
        that of a single pixel; the eye averages along the instrument.
    """

    takes = DISPLAYED

    depth: Range = Constant(3.0)
    ratio: Range = Constant(1.0)

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with a new mask."""
        depth = draw_within(0, 1e3, self.depth, "visible: depth", rng)
        ratio = draw_within(0, 1e3, self.ratio, "visible: ratio", rng)
        if sample.contrast is None or sample.pixels is None or sample.mask is None:
            return sample
        mask = sample.mask.copy()
        (height, width), held = mask.shape, (sample.contrast, sample.image)
        runs, seen = np.empty((2, height), np.int64), np.empty_like(sample.pixels)
        columns = np.empty(width, np.float32), np.empty(width)
        hidden = int(_hide(mask, runs[0], runs[1], *columns, sample.pixels, *held, depth, ratio))
        count = _kept(seen, sample.pixels, mask.reshape(-1))
        meta: dict[str, Any] = record(sample, self, {"hidden": hidden})
        return sample.with_(mask=mask, meta=meta, pixels=seen[:count])


@njit(cache=True)
def _hide(  # type: ignore[no-untyped-def]
    mask, begins, ends, deepest, noise, pixels, contrast, image, depth, ratio
):
    """Ignore what cannot be seen, by runs of pixels in a row: these share what columns hold."""
    height, width = mask.shape
    for y in range(height):
        begins[y], ends[y] = width, 0
    for pixel in pixels:
        y, x = pixel // width, pixel % width
        begins[y], ends[y] = min(begins[y], x), max(ends[y], x + 1)
    hidden = 0
    for y in range(height):
        end = begins[y]
        while end < ends[y]:
            begin = end
            while end < ends[y] and mask[y, end] == INSTRUMENT:
                end += 1
            left, right = max(begin - REACH, 1), min(end + REACH, width - 1)
            if begin < end:
                count = _measure(deepest, noise, contrast, image, y, left, right)
            for x in range(begin, end):
                first, last = max(x - REACH, left), min(x + REACH + 1, right)
                largest, total = np.float32(0), 0.0
                for u in range(first, last):
                    largest, total = max(largest, deepest[u]), total + noise[u]
                deviation = np.sqrt(total / max(count * (last - first), 1) / 6.0)
                if largest < depth or largest < ratio * deviation:
                    mask[y, x] = IGNORE
                    hidden += 1
            end = max(end, begin + 1)
    return hidden


@njit(cache=True)
def _kept(seen, pixels, flat):  # type: ignore[no-untyped-def]
    """Fill in the pixels that are still labelled, and return how many."""
    count = 0
    for pixel in pixels:
        seen[count] = pixel
        count += flat[pixel] == INSTRUMENT
    return count


@njit(cache=True)
def _measure(deepest, noise, contrast, image, y, left, right):  # type: ignore[no-untyped-def]
    """Fill in the largest contrast of columns around row y and their noise, over so many rows."""
    deepest, noise = deepest[left:right], noise[left:right]
    for k in range(right - left):
        deepest[k], noise[k] = 0, 0
    rows = range(max(y - REACH, 0), min(y + REACH + 1, len(image)), 2)
    for v in rows:
        taken, shown = contrast[v, left - 1 : right + 1], image[v, left - 1 : right + 1]
        for k in range(right - left):
            deepest[k] = max(deepest[k], abs(taken[k + 1]))
            # The second difference of the picture without instruments is mostly noise
            bend = 2.0 * (shown[k + 1] + taken[k + 1])
            bend -= shown[k] + taken[k] + shown[k + 2] + taken[k + 2]
            noise[k] += bend * bend
    return len(rows)
