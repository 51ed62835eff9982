"""An instrument led where a real one lies: to the mouth of the arteries that it fills."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from annotated_types import Interval

from fluorosynth.geometry.arc_path import ArcPath, Curve
from fluorosynth.ranges import Chance, Range, Uniform, draw_within
from fluorosynth.sample import Points, Sample
from fluorosynth.stages.base import Stage, record
from fluorosynth.stages.order import AT_REST, check_sample

STEP = 3.0  # px between the points of a path
ROUND = np.hanning(15)[1:-1] / np.hanning(15).sum()  # rounds the corners between points by eye
OUTSIDE = 40.0  # px by which a path goes on beyond its entry
PERIOD = 60.0, 240.0  # px of a wave of sway


@dataclass(frozen=True)
class Engage(Stage):
    """Lead the first instrument along a path of the background's.

    Backgrounds full of contrast come with the rough paths of the catheters that filled them
    (``Background.paths``), which are ignored. An instrument whose tip lies at that mouth, with the
    real artery going on from it, is what a network tells from that artery least. The path is
    swayed to either side, the more the farther from the tip, so that it is never the real one.
    Backgrounds without paths stay as they are.

    Parameters
    ----------
    chance
        Probability for a picture with a path.
    sway
        Standard deviation of the displacement far from the tip, in px of a 256 px picture.
    reach
        Distance from the tip at which the sway is full, in px of a 256 px picture.
    tip
        Distance of the tip beyond the path's end, px of a 256 px picture.
    """

    takes = AT_REST

    chance: Chance = 0.6
    sway: Range = Uniform(0.0, 20.0)
    reach: Annotated[float, Interval(gt=0)] = 80.0
    tip: Range = Uniform(-8.0, 4.0)

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with its first instrument on a path."""
        check_sample(self, sample)
        if not (sample.paths and sample.devices) or rng.random() >= self.chance:
            return sample
        number = int(rng.random() * len(sample.paths))
        first, *others = sample.devices
        scale = max(sample.image.shape) / 256
        sway = draw_within(0, 1e3, self.sway, "engage: sway", rng)
        curve = self._swayed(_path(sample.paths[number], scale), sway * scale, scale, rng)
        width = np.full(len(curve), first.width[0], np.float32)
        points = np.column_stack([curve.real, curve.imag]).astype(np.float32)
        engaged = replace(first, centreline=points, width=width, id=f"{first.id}/engaged")
        meta = record(sample, self, {"path": number, "sway": sway})
        return sample.with_(devices=(engaged, *others), meta=meta)

    def _swayed(self, curve: Curve, sway: float, scale: float, rng: np.random.Generator) -> Curve:
        """Return the path with its tip moved along it and its shaft moved aside."""
        to_tip = STEP * scale * np.arange(len(curve))[::-1]
        beyond = draw_within(-1e3, 1e3, self.tip, "engage: tip", rng) * scale
        ahead = curve[-1] - curve[-4]
        drawn = rng.standard_normal(6).tolist()
        phase, period = 2 * math.pi * rng.random(), PERIOD[0] + rng.random() * np.ptp(PERIOD)
        wave = np.sin(phase + 2 * math.pi * to_tip / (period * scale)) - math.sin(phase)
        ramp = np.minimum(to_tip / (self.reach * scale), 1)
        aside = complex(*drawn[:2]) * 0.5 * wave * ramp + complex(*drawn[2:4]) * ramp
        jitter = complex(*drawn[4:]) * scale
        return np.asarray(curve + sway * aside + jitter + beyond * ahead / abs(ahead))


def _path(points: Points, scale: float) -> Curve:
    """Return a smooth path with even steps through points by eye, longer at its entry."""
    path, step, half = ArcPath.of(points), STEP * scale, len(ROUND) // 2
    count = max(int((path.length + OUTSIDE * scale) / step), 4)
    even = path.at(path.length - step * np.arange(count, dtype=np.float64)[::-1])
    if count <= half:
        return even
    ends = 2 * even[0] - even[half:0:-1], 2 * even[-1] - even[-2 : -half - 2 : -1]
    return np.asarray(np.convolve(np.concatenate([ends[0], even, ends[1]]), ROUND, "valid"))
