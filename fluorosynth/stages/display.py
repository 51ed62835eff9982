"""From intensity to the 8 bits of a display."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numba import njit

from fluorosynth.errors import UsageError
from fluorosynth.geometry.nonzero_box import LANES, box, empty
from fluorosynth.ranges import Chance, Range, Uniform, draw_within
from fluorosynth.sample import Intensities, Sample
from fluorosynth.stages.base import Intensity, Stream, intensities, with_picture
from fluorosynth.stages.order import EXPOSED, check_sample
from fluorosynth.xray.beer_lambert import attenuated

LEVELS = 4096  # of the detector's own digits
LOG = np.log(np.maximum(np.arange(LEVELS), 1) / (LEVELS - 1)).round(7).astype(np.float32)[None]
ONES = np.ones_like(LOG)


@dataclass(frozen=True)
class Display(Intensity):
    """Logarithm or gamma, then a percentile window, then 8 bit.

    The window maps the ``low`` percentile to grey level ``black`` and the ``high`` one to
    ``white``, linearly in log I or I^gamma; beyond 0..255 the picture saturates.

    Parameters
    ----------
    log
        Probability of the logarithm; else a gamma is drawn.
    gamma
        Exponent on the intensity, > 0.
    low
        Percentile of the picture that is shown at ``black``, from 0, below ``high``.
    high
        Percentile of the picture that is shown at ``white``, up to 100.
    black
        Grey level of the low percentile.
    white
        Grey level of the high percentile.
    span
        Least attenuation that the window covers: a flat picture is not blown up.
    inverted
        Probability of a display that shows dense material bright.
    """

    takes = EXPOSED
    gives = "displayed"

    log: Chance = 0.5
    gamma: Range = Uniform(0.6, 1.6)
    low: Range = Uniform(0.0, 2.0)
    high: Range = Uniform(98.0, 100.0)
    black: Range = Uniform(0.0, 70.0)
    white: Range = Uniform(180.0, 255.0)
    span: Range = Uniform(0.5, 1.2)
    inverted: Chance = 0.07

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with a uint8 picture and its contrast in grey levels."""
        return self._show(sample, sample, rng)

    def over(self, frames: Sequence[Sample], stream: Stream) -> list[Sample]:
        """Show a sequence through the window of its first frame: no flicker."""
        for frame in frames:
            check_sample(self, frame)
        return [self._show(frame, frames[0], stream(0)) for frame in frames]

    def _show(self, sample: Sample, reference: Sample, rng: np.random.Generator) -> Sample:
        image = intensities(sample)
        law: Literal["log", "gamma"] = "log" if rng.random() < self.log else "gamma"
        gamma, low, high = self.gamma.draw(rng), self.low.draw(rng), self.high.draw(rng)
        black = draw_within(-1e3, 1e3, self.black, "display: black", rng)
        white = draw_within(-1e3, 1e3, self.white, "display: white", rng)
        span = draw_within(0, 1e3, self.span, "display: span", rng)
        if not (gamma > 0 and 0 <= low < high <= 100):
            raise UsageError(f"display drew gamma {gamma} and percentiles {low} to {high}")
        if rng.random() < self.inverted:
            black, white = 255 - black, 255 - white
        curve = _curve(law, gamma)
        darkest, brightest = _percentiles(
            np.zeros(LEVELS, np.int64), reference.image, low / 100, high / 100
        )
        ends = _widened(darkest, brightest, span)
        dark, bright = (float(curve[round(v * (LEVELS - 1))]) for v in ends)
        gain = (white - black) / max(bright - dark, 1e-3)
        grey, rounded = np.empty(LEVELS, np.float32), np.empty(LEVELS, np.uint8)
        _grade(grey, rounded, curve, *map(np.float32, (dark, gain, black)))
        contrast = sample.contrast
        if contrast is not None:
            contrast = _depths(image, contrast, grey)
        drawn = {"law": law, "gamma": gamma, "low": low, "high": high}
        drawn |= {"black": black, "white": white}
        levels = np.empty(image.shape, np.uint8)
        _look_up(levels, np.empty(image.shape[1], np.uint16), image, rounded)
        return with_picture(sample, self, drawn, levels, contrast)


def _curve(law: str, gamma: float) -> Any:
    """Return what is shown for each of ``LEVELS`` intensities."""
    return LOG[0] if law == "log" else attenuated(ONES, LOG * np.float32(-gamma))[0]


@njit(cache=True)
def _percentiles(counts, image, low, high):  # type: ignore[no-untyped-def]
    """Return two quantiles of every 16th pixel, by rank, to the detector's own digits."""
    size = np.int64(0)
    first, step = (1, 4) if min(image.shape) > 1 else (0, 1)
    for y in range(first, image.shape[0], step):
        for x in range(first, image.shape[1], step):
            at = min(max(image[y, x], np.float32(0)), np.float32(1))
            counts[np.uint32(at * np.float32(LEVELS - 1) + np.float32(0.5))] += 1
            size += 1
    return _quantile(counts, low, size), _quantile(counts, high, size)


@njit(cache=True)
def _quantile(counts, share, size):  # type: ignore[no-untyped-def]
    rank, level = round(share * (size - 1)), 0
    while rank >= counts[level]:
        rank -= counts[level]
        level += 1
    return level / (LEVELS - 1)


def _widened(low: float, high: float, span: float) -> tuple[float, float]:
    """Move both ends apart, alike in log I, until they are ``span`` apart; the high one to 1."""
    low, high = max(low, 1 / LEVELS), max(high, 1 / LEVELS)
    missing = span - math.log(high / low)
    if missing <= 0:
        return low, high
    high = min(high * math.exp(missing / 2), 1.0)
    return round(high * math.exp(-span), 9), round(high, 9)


@njit(cache=True)
def _grade(grey, rounded, curve, dark, gain, black):  # type: ignore[no-untyped-def]
    """Fill in the grey level of each digit, and the whole one next to it."""
    for i in range(len(curve)):
        level = black + (curve[i] - dark) * gain
        grey[i] = min(max(level, np.float32(0)), np.float32(255))
        rounded[i] = np.uint8(grey[i] + np.float32(0.5))


@njit(cache=True)
def _look_up(out, level, image, table):  # type: ignore[no-untyped-def]
    top = np.float32(LEVELS - 1)
    for y in range(image.shape[0]):
        source, target = image[y], out[y]
        for x in range(len(level)):
            at = min(max(source[x], np.float32(0)), np.float32(1))
            level[x] = np.int32(at * top + np.float32(0.5))
        for x in range(len(level)):
            target[x] = table[level[x]]


def _depths(image: Intensities, contrast: Intensities, table: Intensities) -> Intensities:
    """Return how many grey levels brighter each pixel would be without the instruments."""
    out, bits = np.zeros(image.shape, np.float32), contrast.view(np.int32)
    _fill_depths(out, image, contrast, bits, table, *box(contrast, 0))
    return out


@njit(cache=True)
def _fill_depths(  # type: ignore[no-untyped-def]
    out, image, contrast, bits, table, first, last, left, right
):
    top = LEVELS - 1
    for y in range(first, last):
        for begin in range(left, right, LANES):
            end = min(begin + LANES, right)
            if empty(bits[y, begin:end]):
                continue
            for x in range(begin, end):
                if contrast[y, x] > 0:
                    here = min(int(image[y, x] * top + 0.5), top)
                    there = min(int((image[y, x] + contrast[y, x]) * top + 0.5), top)
                    out[y, x] = table[there] - table[here]
