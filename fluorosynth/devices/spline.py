"""Procedural catheters and guidewires: clamped cubic B-splines with a shaped tip."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Interval
from numba import njit
from numpy.typing import NDArray

from fluorosynth.devices.drawn import Drawn, OpenDrawn, Shaft
from fluorosynth.devices.tips import spacing
from fluorosynth.ranges import Chance

Array = NDArray[np.float64]

CONTROL_POINTS = range(5, 10)
SAMPLES = 128  # of a shaft, before it is thinned out
WAVES = np.array([1, 0.25, 0.1])  # strengths of half, one and one and a half waves of a bow
RELAX = 0.7  # how much of its bow a shaft keeps each time that it is too curved


@dataclass(frozen=True)
class Spline(Drawn):
    """Catheters and guidewires that run from the border to a point in the middle.

    A shaft runs from the border to a point in the middle 70 % of the picture; it bows to either
    side, gently, as its control points say. The tip's shape is added where the shaft ends.
    ``Drawn`` has the other parameters.

    Parameters
    ----------
    through
        Share, of those that enter at the border, that leave at another one: no tip to be seen.
    bow
        Standard deviation of the sideways bow of a shaft as a fraction of its length.

    Examples
    --------
    >>> (device, *_) = Spline().open(256, seed=0).draw(np.random.default_rng(1))
    >>> device.centreline.shape[1], device.label
    (2, 'catheter')
    """

    through: Chance = 0.25
    bow: Annotated[float, Interval(ge=0, le=2)] = 0.2

    def open(self, size: int, seed: int) -> OpenSpline:  # noqa: ARG002 - nothing is drawn once
        """Prepare the splines' bases."""
        return OpenSpline(self, size)


class OpenSpline(OpenDrawn[Spline]):
    """``Spline`` for pictures of one size."""

    def __init__(self, source: Spline, size: int) -> None:
        super().__init__(source, size)
        self._bases = [Basis(n) for n in CONTROL_POINTS]

    def course(self, width: float, radius: float, rng: np.random.Generator) -> Shaft:
        """Draw a B-spline between two points that bends no tighter than ``radius``."""
        return self._shaft(*self._ends(width, rng), radius, rng)

    def _ends(self, width: float, rng: np.random.Generator) -> tuple[complex, complex]:
        """Draw where a shaft starts and ends, at least a third of the picture apart."""
        source, chance = self.source, rng.random()
        while True:
            side, along, x, y = rng.random(4).tolist()
            end = complex(0.15 + 0.7 * x, 0.15 + 0.7 * y) * self.size - (0.5 + 0.5j)
            if chance < source.from_border * source.through:
                end = self.outside((int(4 * side) + 1 + int(3 * x)) % 4, y, width)
            if chance < source.from_border:
                start = self.outside(int(4 * side), along, width)
            else:
                start = complex(side, along) * self.size - (0.5 + 0.5j)
            if abs(end - start) > self.size / 3:
                return start, end

    def _shaft(
        self, start: complex, end: complex, radius: float, rng: np.random.Generator
    ) -> Shaft:
        """Draw a B-spline from start to end that bends no tighter than ``radius``.

        It is drawn over the chord from 0 to 1, and its bow shrinks until the bend is allowed.
        """
        basis = self._bases[int(rng.random() * len(self._bases))]
        bow = basis.waves @ (rng.standard_normal(3) * WAVES) * self.source.bow
        bow *= 1 + 0.1 * (rng.random(len(bow)) - 0.5)
        chord = end - start
        curve, bend = _bowed(basis.matrix, basis.along, bow, abs(chord) / radius)
        return np.asarray(_thinned(start, chord, curve, spacing(bend / abs(chord))))


@njit(cache=True)
def _bowed(matrix, along, bow, allowed):  # type: ignore[no-untyped-def]
    """Return a curve over the chord from 0 to 1, flattened until it may bend so, and its bend."""
    curve, slopes = np.empty(SAMPLES, np.complex128), np.empty((2, SAMPLES))
    for i in range(SAMPLES):
        y = dy = ddy = 0.0
        for k in range(len(bow)):
            y += matrix[0, i, k] * bow[k]
            dy += matrix[1, i, k] * bow[k]
            ddy += matrix[2, i, k] * bow[k]
        curve[i] = complex(along[0, i], y)
        slopes[0, i], slopes[1, i] = dy, ddy
    keep = 1.0
    while True:
        bend = 0.0
        for i in range(SAMPLES):
            dx, ddx, dy, ddy = along[1, i], along[2, i], keep * slopes[0, i], keep * slopes[1, i]
            cross, speed2 = dx * ddy - dy * ddx, dx * dx + dy * dy
            bend = max(bend, cross * cross / (speed2 * speed2 * speed2))
        if bend <= allowed * allowed:
            break
        keep *= RELAX
    for i in range(SAMPLES):
        curve[i] = complex(curve[i].real, keep * curve[i].imag)
    return curve, math.sqrt(bend)


@njit(cache=True)
def _thinned(start, chord, curve, step):  # type: ignore[no-untyped-def]
    """Return points at equal distances of at most ``step``, along a curve put on its chord."""
    arc = np.zeros(SAMPLES)
    for i in range(1, SAMPLES):
        arc[i] = arc[i - 1] + abs(chord * (curve[i] - curve[i - 1]))
    parts = math.ceil(arc[-1] / step)
    thin = np.empty(parts + 1, np.complex128)
    i = 1
    for k in range(parts + 1):
        at = arc[-1] * k / parts
        while i < SAMPLES - 1 and arc[i] < at:
            i += 1
        share = (at - arc[i - 1]) / (arc[i] - arc[i - 1])
        thin[k] = start + chord * (curve[i - 1] + share * (curve[i] - curve[i - 1]))
    return thin


class Basis:
    """Clamped cubic B-splines, their control points evenly spaced along the chord.

    ``matrix`` ``(3, SAMPLES, count)`` gives a curve and its two derivatives from its control
    points, ``along`` ``(3, SAMPLES)`` is that of the chord itself, and ``waves`` ``(count, 3)`` are
    half, one and one and a half waves that leave both ends where they are.

    Parameters
    ----------
    count
        Number of control points.
    """

    def __init__(self, count: int) -> None:
        knots = np.concatenate([[0.0] * 3, np.linspace(0, 1, count - 2), [1.0] * 3])
        at, fraction = np.linspace(0, 1, SAMPLES), np.linspace(0, 1, count)
        self.matrix = np.stack([b_splines(knots, 3, at, k) for k in range(3)])
        self.along = self.matrix @ fraction
        self.waves = np.sin(np.pi * fraction[:, None] * (1, 2, 3))


def b_splines(knots: Array, degree: int, at: Array, order: int = 0) -> Array:
    """Return B-splines or a derivative of them, ``(len(at), n)``.

    The recursion of Cox and de Boor. SciPy's does the same, and takes 40 MB and a third of a second
    to import in every process that draws.

    Parameters
    ----------
    knots
        Knots, not decreasing.
    degree
        Degree of the polynomials.
    at
        Places at which they are wanted.
    order
        Order of the derivative.
    """
    if degree == 0:
        start, end = knots[:-1], knots[1:]
        last = (end == knots[-1]) & (at[:, None] == knots[-1])  # closed on the right
        inside = (start <= at[:, None]) & ((at[:, None] < end) | last) & (start < end)
        return np.asarray(inside, np.float64)
    lower = b_splines(knots, degree - 1, at, max(order - 1, 0))
    width = knots[degree:] - knots[:-degree]
    share = np.where(width > 0, 1 / np.where(width > 0, width, 1), 0)
    if order:
        slope = degree * share * lower
        return slope[:, :-1] - slope[:, 1:]
    rise = (at[:, None] - knots[:-degree]) * share * lower
    fall = (knots[degree:] - at[:, None]) * share * lower
    return rise[:, :-1] + fall[:, 1:]
