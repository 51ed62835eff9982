"""Metal and cables that are no instrument."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fluorosynth.geometry.tubes import Tube, moved_to
from fluorosynth.ranges import Chance, LogUniform, Range
from fluorosynth.sample import Sample
from fluorosynth.stages.base import Intensity
from fluorosynth.stages.objects import with_objects
from fluorosynth.stages.order import EXPOSED
from fluorosynth.xray.foreign_objects import SHAPES
from fluorosynth.xray.materials import attenuation


@dataclass(frozen=True)
class Clutter(Intensity):
    """Draw objects by Beer-Lambert that a network must not take for instruments.

    Each parameter of a kind is the probability that a picture has it. Leads and cables look much
    like wires: give them instead as instruments where they should count.

    Parameters
    ----------
    sternal_wires
        Probability of the twisted loops of a closed sternum.
    clips
        Probability of staples.
    screw
        Probability of bone screws.
    stent
        Probability of the frame of a stent or valve.
    lead
        Probability of a cable of an electrocardiogram or pacemaker.
    probe
        Probability of the head of an ultrasound probe.
    dots
        Probability of small dark balls.
    strength
        Factor on the attenuation of each.
    """

    takes = EXPOSED

    sternal_wires: Chance = 0.04
    clips: Chance = 0.04
    screw: Chance = 0.02
    stent: Chance = 0.04
    lead: Chance = 0.03
    probe: Chance = 0.02
    dots: Chance = 0.05
    strength: Range = LogUniform(0.3, 1.5)

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with its objects drawn."""
        side = max(sample.image.shape)

        def tubes(name: str) -> tuple[list[Tube], float]:
            draw, material, share = SHAPES[name]
            mu = share * attenuation(material, sample.seen.kvp)
            return moved_to(draw(side, rng), sample.moment, breath=0.5), mu

        return with_objects(self, sample, rng, SHAPES, tubes, self.strength)
