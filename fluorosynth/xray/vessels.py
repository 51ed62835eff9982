"""Arteries full of contrast medium: trees of tapering tubes."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from fluorosynth.geometry.tubes import Rng, Tube, walked

STEP = 4.0  # px between points
FORKS = 6, 3  # branches at most of a trunk, and of each of these
MOST = 1 + FORKS[0] * (1 + FORKS[1])  # curves of a tree; none is longer than its trunk


def tree(start: complex, heading: float, width: float, length: float, rng: Rng) -> Tube:
    """Return a contrast-filled artery with branches of two orders, tapering to the ends.

    Parameters
    ----------
    start
        First point of the trunk, x + 1j y in px.
    heading
        Direction at the start, radians from x towards y.
    width
        Width of the trunk, px.
    length
        Length of the trunk, px.
    rng
        Source of all draws.
    """
    curve, widths, ends = _tree(complex(start), float(heading), width, length, rng)
    return Tube(curve, widths, ends=ends)


@njit(cache=True)
def _tree(start, heading, width, length, rng):  # type: ignore[no-untyped-def]
    """Draw inside the loop: a tree has a dozen branches, and NumPy is slow on so few numbers."""
    room = MOST * (max(int(length / STEP), 2) + 1)
    curves, widths, ends = np.empty(room, np.complex128), np.empty(room), np.empty(MOST, np.int64)
    made, count, open_ends = 0, 0, [(start, heading, width, length, 0)]
    while open_ends:
        place, heading, width, length, order = open_ends.pop()
        noise = np.empty(max(int(length / STEP), 2) + 5)
        for i in range(len(noise)):  # one by one: quicker to compile than as an array
            noise[i] = rng.standard_normal()
        curve = walked(place, heading, noise, STEP, 0.8 + 0.2 * order)
        end = max(width * (0.35 + 0.4 * rng.random()), 0.6)
        taper = (end - width) / len(curve)
        for i in range(len(curve)):
            curves[made + i], widths[made + i] = curve[i], width + taper * i
        made += len(curve)
        ends[count], count = made, count + 1
        if order == 2:
            continue
        for _ in range(1 + int(FORKS[order] * rng.random())):
            u, v, w, side = rng.random(), rng.random(), rng.random(), rng.random()
            k = 1 + int(u * (len(curve) - 2))
            ahead = curve[k + 1] - curve[k]
            turn = (0.4 + 0.9 * v) * (1 if side < 0.5 else -1)
            across = (width + taper * k) * (0.4 + 0.5 * w)
            aim = math.atan2(ahead.imag, ahead.real) + turn
            open_ends.append((curve[k], aim, across, length * (0.2 + 0.5 * v), order + 1))
    return curves[:made], widths[:made], ends[:count]
