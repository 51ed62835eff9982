"""Instruments drawn anew for each picture: what they have in common, whatever their course."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

import numpy as np
from annotated_types import Interval
from numba import njit
from numpy.typing import NDArray
from xxhash import xxh3_128

from fluorosynth.core.spec import dump
from fluorosynth.devices.base import DeviceSource
from fluorosynth.devices.tips import TIPS, tip
from fluorosynth.ranges import Chance, LogUniform, Range, check_odds, draw_within, pick
from fluorosynth.sample import Device, View

Shaft = NDArray[np.complex128]


@dataclass(frozen=True)
class Drawn(DeviceSource):
    """Root of the sources that draw: a shaft's course is theirs, its width and tip are here.

    Lengths in pixels are those of a 256 px picture and scale with the opened size.

    Parameters
    ----------
    counts
        Odds of one, two, three ... instruments in a picture.
    wires
        Share of guidewires among the instruments.
    from_border
        Share of instruments that enter at the border; the others start in the picture.
    px_per_mm
        Pixels per millimetre of a 256 px picture, for the tip and the bending radius of each
        instrument; None: by the picture's own scale, see ``view.ViewLaw``.
    catheter_width
        Full width of a catheter, px of a 256 px picture.
    wire_width
        Full width of a guidewire, px of a 256 px picture.
    catheter_radius
        Least bending radius of a catheter's shaft, mm. Tips are tighter: see ``devices.tips``.
    wire_radius
        Least bending radius of a guidewire's shaft, mm.
    catheter_tips
        Shapes of catheters' tips: straight, multipurpose, judkins_right, judkins_left, pigtail, j.
    catheter_tip_odds
        Odds of these, in the same order; empty: equal.
    wire_tips
        Shapes of guidewires' tips, of the same names.
    wire_tip_odds
        Odds of these, in the same order; empty: equal.
    taper
        Width of a guidewire at its tip as a fraction of its width; the last 25 mm grow thinner.
    """

    counts: tuple[float, ...] = (0.7, 0.2, 0.07, 0.03)
    wires: Chance = 0.25
    from_border: Chance = 0.9
    px_per_mm: Range | None = None
    catheter_width: Range = LogUniform(2.0, 6.0)
    wire_width: Range = LogUniform(1.0, 2.2)
    catheter_radius: Annotated[float, Interval(ge=0.5, le=1e4)] = 12.0
    wire_radius: Annotated[float, Interval(ge=0.5, le=1e4)] = 6.0
    catheter_tips: tuple[str, ...] = tuple(name for name in TIPS if name != "j")
    catheter_tip_odds: tuple[float, ...] = (0.15, 0.2, 0.25, 0.25, 0.15)
    wire_tips: tuple[str, ...] = ("straight", "multipurpose", "j")
    wire_tip_odds: tuple[float, ...] = (0.5, 0.25, 0.25)
    taper: Annotated[float, Interval(ge=0.05, le=1)] = 0.6

    def __post_init__(self) -> None:
        check_odds("counts", self.counts, self.counts)
        check_odds("catheter_tips", self.catheter_tips, self.catheter_tip_odds, "catheter_tip_odds")
        check_odds("wire_tips", self.wire_tips, self.wire_tip_odds, "wire_tip_odds")
        for name in (*self.catheter_tips, *self.wire_tips):
            if name not in TIPS:
                raise ValueError(f"no tip is called {name!r}; known: {', '.join(TIPS)}")

    @property
    def labels(self) -> tuple[str, str]:
        """Labels of a catheter and of a guidewire."""
        return "catheter", "guidewire"


Source = TypeVar("Source", bound=Drawn)


class OpenDrawn(ABC, Generic[Source]):
    """A source that draws, for pictures of one size.

    Parameters
    ----------
    source
        Settings of what is drawn.
    size
        Side of the pictures, px.
    """

    def __init__(self, source: Source, size: int) -> None:
        self.source, self.size = source, size
        self.fingerprint = xxh3_128(repr((dump(source), size)).encode()).hexdigest()
        self._names = [
            (f"{source.kind}: a {what}'s px per mm", f"{source.kind}: a {what}'s width in px")
            for what in ("catheter", "wire")
        ]

    @abstractmethod
    def course(self, width: float, radius: float, rng: np.random.Generator) -> Shaft:
        """Draw a shaft, complex x + 1j y from its entry on, in px of the opened size.

        Parameters
        ----------
        width
            Full width of the instrument, px.
        radius
            Least bending radius, px.
        rng
            Source of all draws.
        """

    def draw(self, rng: np.random.Generator) -> tuple[Device, ...]:
        """Draw the instruments of one picture of the usual scale.

        Parameters
        ----------
        rng
            Source of all draws.
        """
        return self.draw_at(View.usual(self.size), rng)

    def draw_at(self, view: View, rng: np.random.Generator) -> tuple[Device, ...]:
        """Draw the instruments of one picture.

        Parameters
        ----------
        view
            Scale of the picture.
        rng
            Source of all draws.
        """
        count = 1 + pick(len(self.source.counts), self.source.counts, rng)
        return tuple(self._device(view, rng) for _ in range(count))

    def outside(self, side: int, along: float, width: float) -> complex:
        """Return a point half a width outside a border.

        Parameters
        ----------
        side
            Number of quarter turns of the border, from the upper one.
        along
            Place along the border, 0 to 1.
        width
            Full width of the instrument, px.
        """
        centre = (self.size - 1) * (0.5 + 0.5j)
        at = complex(along * self.size - 0.5, -0.5 - width / 2) - centre
        return centre + at * (1, 1j, -1, -1j)[side]

    def depths(self, curve: Shaft) -> NDArray[np.float64]:
        """Return the distances of points to the nearest border, px, negative outside, ``(n,)``.

        Parameters
        ----------
        curve
            Points, ``(n,)`` complex x + 1j y, px.
        """
        return np.asarray(_depths(curve, self.size))

    def _device(self, view: View, rng: np.random.Generator) -> Device:
        source, scale = self.source, self.size / 256
        wire = rng.random() < source.wires
        scale_name, width_name = self._names[wire]
        law = source.wire_width if wire else source.catheter_width
        px_per_mm = view.px_per_mm
        if source.px_per_mm is not None:
            px_per_mm = draw_within(0.01, 1e3, source.px_per_mm, scale_name, rng) * scale
        width = draw_within(0.01, 1e3, law, width_name, rng) * scale
        radius = (source.wire_radius if wire else source.catheter_radius) * px_per_mm
        names = source.wire_tips if wire else source.catheter_tips
        odds = source.wire_tip_odds if wire else source.catheter_tip_odds
        shaft = self.course(width, radius, rng)
        name = names[pick(len(names), odds, rng)]
        ahead = shaft[-1] - shaft[-2]
        bend = tip(name, px_per_mm, width, rng) * (ahead / abs(ahead))
        curve = np.concatenate([shaft, shaft[-1] + bend])
        widths = np.full(len(curve), width, np.float32)
        if wire:
            to_tip = np.abs(curve[1:] - curve[:-1])[::-1].cumsum()[::-1] / (25 * px_per_mm)
            widths[:-1] *= source.taper + (1 - source.taper) * np.minimum(to_tip, 1)
            widths[-1] *= source.taper
        points = curve.view(np.float64).reshape(-1, 2).astype(np.float32)
        label = source.labels[wire]
        return Device(points, widths, label, f"{source.kind}/{label}/{name}")


@njit(cache=True)
def _depths(curve, size):  # type: ignore[no-untyped-def]
    depths, centre = np.empty(len(curve)), (size - 1) * 0.5
    for i in range(len(curve)):
        depths[i] = size / 2 - max(abs(curve[i].real - centre), abs(curve[i].imag - centre))
    return depths
