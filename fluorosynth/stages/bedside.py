"""What surrounds a patient: the table, covers, markers, cables, hardware of bones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fluorosynth.geometry.tubes import Tube, moved_to, scaled
from fluorosynth.ranges import Chance, LogUniform, Range
from fluorosynth.sample import Sample
from fluorosynth.stages.base import Intensity
from fluorosynth.stages.objects import with_objects
from fluorosynth.stages.order import EXPOSED
from fluorosynth.xray.bedside import SHAPES, SIDE
from fluorosynth.xray.materials import attenuation


@dataclass(frozen=True)
class Bedside(Intensity):
    """Draw by Beer-Lambert what lies around a patient; never labelled.

    Each parameter of a kind is the probability that a picture has it. Cables of electrodes on
    the skin are long, thin, dark curves, as guidewires are: they come as bundles of one origin,
    in pairs, with plugs, and count as no instrument.

    Parameters
    ----------
    table
        Probability of the edge of a table or cushion, a slab between two rails.
    covers
        Probability of hems of covers: one or two thin lines that cross the picture.
    letters
        Probability of a side marker of lead.
    beads
        Probability of beads or discs on the skin.
    cables
        Probability of a bundle of electrode cables.
    pins
        Probability of straight pins or rods.
    plate
        Probability of a bone plate with screws.
    strength
        Factor on the attenuation of each.
    """

    takes = EXPOSED

    table: Chance = 0.08
    covers: Chance = 0.1
    letters: Chance = 0.06
    beads: Chance = 0.05
    cables: Chance = 0.05
    pins: Chance = 0.03
    plate: Chance = 0.02
    strength: Range = LogUniform(0.3, 1.5)

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with its surroundings drawn."""
        side = max(sample.image.shape)

        def tubes(name: str) -> tuple[list[Tube], float]:
            draw, material, share = SHAPES[name]
            mu = share * attenuation(material, sample.seen.kvp)
            return moved_to(scaled(draw(rng), side / SIDE), sample.moment), mu

        return with_objects(self, sample, rng, SHAPES, tubes, self.strength)
