"""Winding catheters and guidewires: a curvature that walks at random along the shaft."""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from fluorosynth.devices.drawn import Drawn, OpenDrawn, Shaft
from fluorosynth.devices.tips import spacing
from fluorosynth.errors import UsageError
from fluorosynth.ranges import LogUniform, Range, Uniform, draw_within

MIDDLE = 1 / 8  # of a side: how far from the border the middle of a picture begins
SHOWN = 1 / 3  # of a side: the least length of a shaft in the middle
LONGEST = 50.0  # sides
TRIES = 100
INWARD = math.radians(140)  # sector of the directions in which a shaft enters


@dataclass(frozen=True)
class Walk(Drawn):
    """Catheters and guidewires that wind, loop, cross themselves, leave and come back.

    The curvature is an Ornstein-Uhlenbeck process along the arc, held below that of the least
    bending radius by a hyperbolic tangent. Drains, wires pushed against a wall, catheters in a
    phantom or in the loop of a ventricle lie so. What comes after the last point in the picture
    is cut off. ``Drawn`` has the other parameters.

    Parameters
    ----------
    length
        Length of a shaft as a multiple of the picture's side.
    bend
        Standard deviation of the curvature as a multiple of that of the least bending radius.
    memory
        Arc over which the curvature forgets itself (to 1/e), px of a 256 px picture.

    Examples
    --------
    >>> (device, *_) = Walk().open(256, seed=0).draw(np.random.default_rng(1))
    >>> device.centreline.shape[1], device.label
    (2, 'catheter')
    """

    length: Range = Uniform(0.5, 1.8)
    bend: Range = Uniform(0.05, 0.6)
    memory: Range = LogUniform(20.0, 200.0)

    def open(self, size: int, seed: int) -> OpenWalk:  # noqa: ARG002 - nothing is drawn once
        """Return the source for pictures of one size."""
        return OpenWalk(self, size)


class OpenWalk(OpenDrawn[Walk]):
    """``Walk`` for pictures of one size."""

    def course(self, width: float, radius: float, rng: np.random.Generator) -> Shaft:
        """Draw a winding shaft, at least a third of a side of which lies in the middle."""
        source, scale = self.source, self.size / 256
        unit = radius / scale  # the walk is that of a 256 px picture, its steps are divided
        step, parts = spacing(1 / unit), math.ceil(scale)
        pixels = step * scale / parts
        for _ in range(TRIES):
            start, heading = self._start(width, rng)
            length = draw_within(1e-3, LONGEST, source.length, "walk: length in sides", rng)
            bend = draw_within(0, 100, source.bend, "walk: bend", rng)
            memory = draw_within(0.1, 1e6, source.memory, "walk: memory in px", rng)
            turns = bend * rng.standard_normal(math.ceil(length * 256 / step))
            keep = math.exp(-step / memory)
            curve = _wound(start, heading, turns, pixels, keep, step / unit, parts)
            depths = self.depths(curve)
            if np.count_nonzero(depths > MIDDLE * self.size) * pixels > SHOWN * self.size:
                return np.asarray(curve[: np.flatnonzero(depths > -width)[-1] + 2])
        raise UsageError(
            f"walk: {TRIES} shafts of length {source.length} and bend {source.bend} hardly reached"
            " the middle; make them longer or straighter"
        )

    def _start(self, width: float, rng: np.random.Generator) -> tuple[complex, float]:
        chance, side, along, turn = rng.random(4).tolist()
        if chance >= self.source.from_border:
            return complex(side, along) * self.size - (0.5 + 0.5j), 2 * math.pi * turn
        inward = math.pi / 2 * (1 + int(4 * side))  # a quarter turn per side, as in outside()
        return self.outside(int(4 * side), along, width), inward + INWARD * (turn - 0.5)


@njit(cache=True)
def _wound(start, heading, turns, step, keep, limit, parts):  # type: ignore[no-untyped-def]
    """Walk, turning by ``limit`` tanh(x), x an Ornstein-Uhlenbeck process, in ``parts`` steps each.

    The parts' headings are spread about that of one whole step.
    """
    curve = np.empty(len(turns) * parts + 1, np.complex128)
    curve[0] = start
    state, fresh = turns[0], math.sqrt(1 - keep * keep)
    for i in range(len(turns)):
        if i:
            state = keep * state + fresh * turns[i]
        turn = limit * math.tanh(state)
        heading += turn
        for k in range(parts):
            ahead = heading + turn * ((k + 0.5) / parts - 0.5)
            curve[i * parts + k + 1] = curve[i * parts + k] + cmath.rect(step, ahead)
    return curve
