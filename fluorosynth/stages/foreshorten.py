"""Hooks seen from the end: the last part of an instrument leaves the picture's plane."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from fluorosynth.errors import UsageError
from fluorosynth.ranges import Chance, Range, Uniform
from fluorosynth.sample import Device, Sample
from fluorosynth.stages.base import Stage, record
from fluorosynth.stages.order import PENDING, check_sample


@dataclass(frozen=True)
class Foreshorten(Stage):
    """Squeeze the last part of each instrument along a random direction.

    That is a parallel projection of a curve turned out of the plane; the squeeze sets in
    gradually, so that the curve gets no kink. Where the instrument then lies upon itself its
    attenuation adds up (``attenuate.overlap``).

    Parameters
    ----------
    chance
        Probability for each instrument.
    length
        Length of the part, px of a 256 px picture.
    factor
        Factor on the lengths that are squeezed, in [0, 1]: the cosine of the turn.
    """

    takes = PENDING

    chance: Chance = 0.3
    length: Range = Uniform(25.0, 90.0)
    factor: Range = Uniform(0.05, 0.7)

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with its instruments' ends turned."""
        check_sample(self, sample)
        devices, turned = [], 0
        for device in sample.devices:
            if rng.random() < self.chance:
                turned += 1
                device = self._turn(device, max(sample.image.shape) / 256, rng)
            devices.append(device)
        meta = record(sample, self, {"turned": turned})
        return sample.with_(devices=tuple(devices), meta=meta)

    def _turn(self, device: Device, scale: float, rng: np.random.Generator) -> Device:
        length, factor = self.length.draw(rng) * scale, self.factor.draw(rng)
        if not (length > 0 and 0 <= factor <= 1):
            raise UsageError(f"foreshorten drew a length of {length} px and a factor of {factor}")
        angle = 2 * math.pi * rng.random()
        along = np.array([math.cos(angle), math.sin(angle)])
        steps = np.diff(device.centreline.astype(np.float64), axis=0)
        to_tip = np.cumsum(np.sqrt((steps * steps).sum(1))[::-1])[::-1]
        ramp = np.clip(3 * (1 - to_tip / length), 0, 1)
        steps -= (ramp * (1 - factor) * (steps @ along))[:, None] * along
        points = device.centreline[0] + np.vstack([np.zeros(2), np.cumsum(steps, axis=0)])
        return replace(device, centreline=points.astype(np.float32))
