"""Curves with a width, drawn as tubes: what bones, vessels and cables are made of."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fluorosynth.geometry.path_length import longest_paths
from fluorosynth.sample import Intensities, Moment

Curve = NDArray[np.complex128]
Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Tube:
    """A curve with a width, or several alike: NumPy is slow on a few points each.

    Parameters
    ----------
    curve
        Points, ``(n,)`` complex128, x + 1j y in px; of several curves one after the other.
    width
        Full width in px, one or one per point.
    lumen
        Inner over outer diameter, 0 (solid) to below 1.
    ends
        Number of points up to the end of each of several curves, ``(k,)``; None: it is one.
    """

    curve: Curve
    width: float | NDArray[np.float64]
    lumen: float = 0.0
    ends: NDArray[np.int64] | None = None

    @property
    def count(self) -> int:
        """Number of curves."""
        return 1 if self.ends is None else len(self.ends)

    @staticmethod
    def of_many(curves: Curve, width: float, lumen: float = 0.0) -> Tube:
        """Return curves of equally many points as one.

        Parameters
        ----------
        curves
            Points, ``(k, n)`` complex128, x + 1j y in px.
        width
            Full width in px.
        lumen
            Inner over outer diameter, 0 (solid) to below 1.
        """
        count, points = curves.shape
        return Tube(curves.reshape(-1), width, lumen, points * np.arange(1, count + 1))


def union(tubes: list[Tube], shape: tuple[int, int]) -> Intensities:
    """Return ``(H, W)`` float32 paths in px through tubes; where they meet, the longest.

    Parameters
    ----------
    tubes
        Tubes to look through.
    shape
        Height and width of the picture, px.
    """
    out = np.zeros(shape, np.float32)
    tubes = [tube for tube in tubes if len(tube.curve) > 1]  # short parts vanish in small pictures
    if not tubes:
        return out
    curve = tubes[0].curve if len(tubes) == 1 else np.concatenate([tube.curve for tube in tubes])
    points = curve.view(np.float64).reshape(-1, 2).astype(np.float32)
    half, inner = np.empty((2, len(curve)), np.float32)
    first, ends = 0, list[int]()
    for tube in tubes:
        last = first + len(tube.curve)
        half[first:last], inner[first:last] = tube.width, tube.lumen
        ends += [last] if tube.ends is None else (first + tube.ends).tolist()
        first = last
    half *= np.float32(0.5)
    inner *= half
    longest_paths(out, points, half, inner, np.array(ends))
    return out


def scaled(tubes: list[Tube], factor: float) -> list[Tube]:
    """Return tubes as a picture of another size has them.

    Parameters
    ----------
    tubes
        Tubes in pixels of a picture.
    factor
        Factor from its side to that of the other.
    """
    if factor == 1:
        return tubes
    corner = (0.5 + 0.5j) * (factor - 1)  # pixel centres are whole numbers in both
    return [
        Tube(factor * t.curve + corner, factor * np.asarray(t.width), t.lumen, t.ends)
        for t in tubes
    ]


def moved_to(
    tubes: list[Tube], moment: Moment | None, heart: float = 0.0, breath: float = 0.0
) -> list[Tube]:
    """Return tubes where they are at a moment of a sequence.

    Parameters
    ----------
    tubes
        Tubes at rest.
    moment
        Moment of the sequence; None: they stay as they are.
    heart
        Share of the heart's motion that they take.
    breath
        Share of the breath's motion that they take.
    """
    if moment is None:
        return tubes
    curves = np.concatenate([np.empty(0, np.complex128), *(tube.curve for tube in tubes)])
    curves += moment.displacement(curves, heart, breath)
    ends = np.cumsum([len(tube.curve) for tube in tubes])
    parts = zip(tubes, np.split(curves, ends[:-1]), strict=False)
    return [Tube(curve, tube.width, tube.lumen, tube.ends) for tube, curve in parts]


def walk(
    start: complex, heading: float, length: float, step: float, wander: float, rng: Rng
) -> Curve:
    """Return a winding curve.

    Its heading drifts by a bend of its own and a random walk, smoothed so that it has no kinks.

    Parameters
    ----------
    start
        First point, x + 1j y in px.
    heading
        Direction at the start, radians from x towards y.
    length
        Length of the curve, px.
    step
        Distance between points, px.
    wander
        Standard deviation of the bend's turn and of the walk's after 100 px each, radians.
    rng
        Source of all draws.
    """
    noise = rng.standard_normal(max(int(length / step), 2) + 5)
    return np.asarray(walked(start, heading, noise, step, wander))


@njit(cache=True)
def walked(start, heading, noise, step, wander):  # type: ignore[no-untyped-def]
    """Step on from a start, turning by a mean of five normals and the bend.

    Rotations are power series, the same on every processor.

    Parameters
    ----------
    start
        First point, x + 1j y in px.
    heading
        Direction at the start, radians from x towards y.
    noise
        Standard normals, ``(n,)``.
    step
        Distance between points, px.
    wander
        Standard deviation of the bend's turn and of the walk's after 100 px each, radians.
    """
    n = len(noise) - 5
    ahead = step * complex(math.cos(heading), math.sin(heading))
    jitter, bend = wander * math.sqrt(step / 100), wander * step / 100
    curve = np.empty(n + 1, np.complex128)
    curve[0] = start
    for i in range(n):
        mean = (noise[i + 1] + noise[i + 2] + noise[i + 3] + noise[i + 4] + noise[i + 5]) / 5
        turn = min(max(jitter * mean + bend * noise[0], -0.5), 0.5)
        square = turn * turn
        cosine = 1 - square / 2 * (1 - square / 12 * (1 - square / 30))
        ahead = ahead * complex(cosine, turn * (1 - square / 6 * (1 - square / 20)))
        curve[i + 1] = curve[i] + ahead
    return curve
