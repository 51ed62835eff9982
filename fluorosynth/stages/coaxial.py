"""A guidewire inside a catheter and beyond its tip."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fluorosynth.errors import UsageError
from fluorosynth.geometry.tubes import walk
from fluorosynth.ranges import Chance, Range, Uniform
from fluorosynth.sample import Device, Sample
from fluorosynth.stages.base import Stage, record
from fluorosynth.stages.order import PENDING, check_sample

STEP = 3.0  # px between points beyond the tip
LONGEST = 4096.0  # px of a 256 px picture beyond the tip


@dataclass(frozen=True)
class Coaxial(Stage):
    """Lead a guidewire through catheters, and out of their tips.

    Parameters
    ----------
    chance
        Probability for each catheter.
    width
        Width of the wire as a fraction of its catheter's width, in (0, 1].
    beyond
        Length that it reaches beyond the tip, px of a 256 px picture.
    """

    takes = PENDING

    chance: Chance = 0.12
    width: Range = Uniform(0.25, 0.55)
    beyond: Range = Uniform(5.0, 120.0)

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with its wires added to the instruments."""
        check_sample(self, sample)
        wires = [
            self._wire(device, max(sample.image.shape) / 256, rng)
            for device in sample.devices
            if device.label == "catheter" and rng.random() < self.chance
        ]
        if not wires:
            return sample
        meta = record(sample, self, {"wires": len(wires)})
        return sample.with_(devices=(*sample.devices, *wires), meta=meta)

    def _wire(self, device: Device, scale: float, rng: np.random.Generator) -> Device:
        share, beyond = self.width.draw(rng), self.beyond.draw(rng) * scale
        if not (0 < share <= 1 and 0 <= beyond <= LONGEST * scale):
            raise UsageError(f"coaxial drew a width of {share} catheters, {beyond} px beyond")
        tip, before = device.centreline[-1], device.centreline[-2]
        heading = math.atan2(tip[1] - before[1], tip[0] - before[0])
        out = walk(complex(*tip), heading, beyond, STEP, 0.8, rng)[1:]
        points = np.concatenate([device.centreline, np.column_stack([out.real, out.imag])])
        width = np.full(len(points), device.width[-1] * share, np.float32)
        return Device(points.astype(np.float32), width, "guidewire", f"{device.id}/coaxial")
