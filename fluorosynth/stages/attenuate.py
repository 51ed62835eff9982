"""Instruments cast their shadows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fluorosynth.errors import UsageError
from fluorosynth.ranges import Chance, LogUniform, Range, Uniform, check_odds, pick
from fluorosynth.sample import Device, Sample, View
from fluorosynth.stages.base import Intensity, intensities, with_picture
from fluorosynth.stages.order import EXPOSED
from fluorosynth.xray.appearance import Appearance, cast_shadow
from fluorosynth.xray.beer_lambert import attenuated
from fluorosynth.xray.materials import Material, attenuation

ELECTRODES = ("electrode_catheter",)  # labels of what always has electrodes
WIRES = "guidewire", "wire", "microwire"  # labels of what has a core and no lumen


@dataclass(frozen=True)
class Attenuate(Intensity):
    """Draw the instruments by Beer-Lambert: I exp(-sum mu L), L the path through their walls.

    Those labelled ``guidewire``, ``wire`` or ``microwire`` are solid metal with, maybe, a
    platinum coil at the tip; all others are plastic tubes, maybe with marker bands, a row of
    electrodes (those labelled ``electrode_catheter`` always) or a wire inside. Instruments that lie
    upon each other attenuate one after the other. Widths come with the instruments, in pixels; the
    picture's scale says how thick they are, and its voltage how much they attenuate.

    Parameters
    ----------
    strength
        Factor on the attenuation of an instrument: fillers and walls differ from the tabled.
    catheters
        Materials of tubes, names of ``materials.TABLE``.
    catheter_odds
        Odds of these, in the same order; empty: equal.
    wires
        Materials of wires, names of ``materials.TABLE``.
    wire_odds
        Odds of these, in the same order; empty: equal.
    lumen
        Inner over outer diameter of a tube, in [0, .98].
    overlap
        Probability that the passes of an instrument that crosses itself add up.
    markers
        Probability of two or three marker bands of 1 to 2 mm, 10 mm apart.
    electrodes
        Probability of 4, 10 or 20 electrodes of 2 mm.
    coil
        Probability of a coil over a wire's last 20 to 30 mm.
    core
        Probability of a wire inside a tube.
    filled
        Probability of contrast medium in the lumen.
    """

    takes = EXPOSED

    strength: Range = LogUniform(0.16, 0.8)
    catheters: tuple[Material, ...] = (
        "pebax_baso4_20",
        "pebax_baso4_40",
        "pebax_baso4_60",
        "pebax_tungsten",
    )
    catheter_odds: tuple[float, ...] = (0.3, 0.4, 0.2, 0.1)
    wires: tuple[Material, ...] = ("nitinol", "steel")
    wire_odds: tuple[float, ...] = ()
    lumen: Range = Uniform(0.0, 0.75)
    overlap: Chance = 0.8
    markers: Chance = 0.06
    electrodes: Chance = 0.06
    coil: Chance = 0.4
    core: Chance = 0.06
    filled: Chance = 0.4

    def __post_init__(self) -> None:
        check_odds("catheters", self.catheters, self.catheter_odds, "catheter_odds")
        check_odds("wires", self.wires, self.wire_odds, "wire_odds")

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Draw all instruments and keep how much they took away."""
        image = intensities(sample)
        drawn: dict[str, Any] = {"materials": []}
        total = np.zeros(image.shape, np.float32)
        for device in sample.devices:
            look, material = self._look(device, sample.seen, rng)
            cast_shadow(total, device, look)
            drawn["materials"].append(material)
        darker = attenuated(image, total)
        return with_picture(sample, self, drawn, darker, image - darker)

    def _look(self, device: Device, view: View, rng: np.random.Generator) -> tuple[Appearance, str]:
        """Draw what one instrument is made of; attenuations become those per pixel."""
        wire = device.label in WIRES
        names, odds = (self.wires, self.wire_odds) if wire else (self.catheters, self.catheter_odds)
        material = names[pick(len(names), odds, rng)]
        lumen, strength = self.lumen.draw(rng), self.strength.draw(rng)
        if not (0 <= lumen <= 0.98 and 0 <= strength <= 1e3):
            raise UsageError(f"attenuate drew a lumen of {lumen} and a strength of {strength}")
        crossing, extra, size, filled = rng.random(4).tolist()
        mm_per_px, kvp = view.mm_per_px, view.kvp
        look = Appearance(
            attenuation(material, kvp) * mm_per_px * strength,
            0.0 if wire else lumen,
            crossing < self.overlap,
            attenuation("platinum", kvp) * mm_per_px,
        )
        if wire:
            end = (20 + 10 * size) / mm_per_px
            coil = extra < self.coil
            return replace(look, band_lumen=0.85, bands=((0.0, end),) if coil else ()), material
        if filled < self.filled:
            iodine = attenuation("iodine", kvp) * mm_per_px * (0.3 + 0.7 * size)
            look = replace(look, core_mu=iodine, core=lumen)
        electrodes = device.label in ELECTRODES
        if extra < self.markers and not electrodes:
            look = replace(look, bands=_bands(2 + int(2 * size), 1 + size, 10.0, 2.0, view))
        elif electrodes or extra < self.markers + self.electrodes:
            count = (4, 10, 20)[int(3 * size)]
            period = (7.0, 4.5, 4.0)[int(3 * size)]
            look = replace(look, bands=_bands(count, 2.0, period, 0.0, view))
        elif extra < self.markers + self.electrodes + self.core:
            metal = attenuation("steel", kvp) * mm_per_px
            look = replace(look, core_mu=metal, core=(0.2 + 0.5 * size) * max(lumen, 0.4))
        return look, material


def _bands(
    count: int, length: float, period: float, first: float, view: View
) -> tuple[tuple[float, float], ...]:
    """Return begin and end of evenly spaced bands, mm from the tip, in px."""
    starts = [first + i * period for i in range(count)]
    return tuple((s * view.px_per_mm, (s + length) * view.px_per_mm) for s in starts)
