"""Hooks seen from the end: the last part of an instrument leaves the picture's plane."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

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
        line = device.centreline.astype(np.float64)
        steps = line[1:] - line[:-1]
        points, law = np.empty_like(device.centreline), (float(length), float(1 - factor))
        _squeezed(points, device.centreline, steps, steps @ along, along, *law)
        return Device(points, device.width, device.label, device.id)


@njit(cache=True)
def _squeezed(points, line, steps, shares, along, length, loss):  # type: ignore[no-untyped-def]
    """Fill in the points of a curve whose steps lose a part of their share along a direction."""
    to_tip = 0.0
    for i in range(len(steps) - 1, -1, -1):
        x, y = steps[i, 0], steps[i, 1]
        to_tip += math.sqrt(x * x + y * y)
        lost = min(max(3 * (1 - to_tip / length), 0.0), 1.0) * loss * shares[i]
        steps[i, 0], steps[i, 1] = x - lost * along[0], y - lost * along[1]
    x, y = 0.0, 0.0
    points[0] = line[0]
    for i in range(len(steps)):
        x, y = x + steps[i, 0], y + steps[i, 1]
        points[i + 1, 0], points[i + 1, 1] = line[0, 0] + x, line[0, 1] + y
