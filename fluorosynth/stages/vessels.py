"""Contrast-filled vessels: the distractor that is hardest to tell from a catheter."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fluorosynth.geometry.arc_path import complex_curve
from fluorosynth.geometry.tubes import Tube, moved_to, union
from fluorosynth.ranges import Chance, LogUniform, Range, draw_within
from fluorosynth.sample import Sample
from fluorosynth.stages.base import Intensity, intensities, with_picture
from fluorosynth.stages.order import EXPOSED
from fluorosynth.xray.beer_lambert import add, attenuated
from fluorosynth.xray.blur import wide_blur
from fluorosynth.xray.materials import attenuation
from fluorosynth.xray.vessels import tree

SOFT = 4.0  # px of a 256 px picture: how far contrast medium mixes with blood


@dataclass(frozen=True)
class Vessels(Intensity):
    """Draw arteries full of diluted iodine; never labelled. Stands before ``attenuate``.

    Parameters
    ----------
    chance
        Probability that a picture shows contrast at all.
    from_tip
        Probability that a tree grows out of each catheter's tip, as in every contrast injection.
    free
        Probability of a tree somewhere else.
    reflux
        Probability of a cloud around the tip.
    around
        Probability that the last part of a catheter lies in a wide, filled vessel.
    width
        Width of a trunk, px of a 256 px picture.
    concentration
        Factor on the attenuation of iodine diluted in a vessel.
    """

    takes = EXPOSED

    chance: Chance = 0.5
    from_tip: Chance = 0.8
    free: Chance = 0.45
    reflux: Chance = 0.2
    around: Chance = 0.15
    width: Range = LogUniform(2.0, 10.0)
    concentration: Range = LogUniform(0.2, 1.2)

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with its vessels drawn."""
        image = intensities(sample)
        chance, side = rng.random(), max(image.shape)
        if chance >= self.chance:
            return sample
        tubes, clouds = self._tubes(sample, side, rng)
        moment = sample.moment
        dilution = draw_within(0, 1e3, self.concentration, "vessels: concentration", rng)
        view = sample.seen
        mu = attenuation("iodine", view.kvp) * dilution * view.mm_per_px
        if moment is not None:
            mu *= moment.contrast
            tubes, clouds = moved_to(tubes, moment, 1.0, 1.0), moved_to(clouds, moment, 1.0, 1.0)
        total = union(tubes, image.shape)
        if clouds:
            add(total, wide_blur(union(clouds, image.shape), SOFT * side / 256), 0.15)
        total *= np.float32(mu)
        drawn = {"branches": sum(tube.count for tube in tubes), "attenuation": mu}
        return with_picture(sample, self, drawn, attenuated(image, total), sample.contrast)

    def _tubes(
        self, sample: Sample, side: int, rng: np.random.Generator
    ) -> tuple[list[Tube], list[Tube]]:
        """Draw the vessels and what is wide and thin: clouds."""
        tubes, clouds, scale = [], [], side / 256
        for device in sample.devices if sample.moment is None else sample.moment.rest:
            grows, puffs, lies, turn, size = rng.random(5).tolist()
            curve = complex_curve(device.centreline)
            tip, ahead = curve[-1], np.angle(curve[-1] - curve[max(len(curve) - 4, 0)])
            if grows < self.from_tip:
                heading, length = ahead + 1.2 * (turn - 0.5), (100 + 180 * size) * scale
                tubes.append(tree(tip, heading, self._width(rng) * scale, length, rng))
            if puffs < self.reflux:
                cloud = np.array([tip, tip + np.exp(6j * turn) * 12 * size * scale])
                clouds.append(Tube(cloud, (12 + 24 * size) * scale))
            if lies < self.around:
                last = curve[-2 - int(len(curve) * size) :]
                clouds.append(Tube(last, float(device.width[0]) * (2 + 2.5 * turn)))
        if rng.random() < self.free or not (tubes or clouds):
            start = complex(*(0.1 + 0.8 * rng.random(2))) * side
            heading, length = 2 * math.pi * rng.random(), (60 + 180 * rng.random()) * scale
            tubes.append(tree(start, heading, self._width(rng) * scale, length, rng))
        return tubes, clouds

    def _width(self, rng: np.random.Generator) -> float:
        return draw_within(0.1, 1e3, self.width, "vessels: width", rng)
