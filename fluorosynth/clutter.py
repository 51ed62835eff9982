"""Things in a frame that are no instrument: their curves, drawn as tubes.

All lengths are in px of a 256 px picture unless they come with a scale.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fluorosynth.chords import longest_paths
from fluorosynth.sample import Intensities

if TYPE_CHECKING:
    from fluorosynth.course import Moment

Curve = NDArray[np.complex128]
Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Tube:
    """A curve with a width: ``curve`` complex x + 1j y, full ``width`` px (one or per point)."""

    curve: Curve
    width: float | NDArray[np.float64]
    lumen: float = 0.0  # inner over outer diameter


def union(tubes: list[Tube], shape: tuple[int, int]) -> Intensities:
    """Return ``(H, W)`` float32 paths in px through tubes; where they meet, the longest."""
    out = np.zeros(shape, np.float32)
    if tubes:
        curve = np.concatenate([tube.curve for tube in tubes])
        points = curve.view(np.float64).reshape(-1, 2).astype(np.float32)
        counts = [len(tube.curve) for tube in tubes]
        half, ends = np.empty(len(curve), np.float32), np.cumsum(counts)
        for tube, count, end in zip(tubes, counts, ends.tolist(), strict=True):
            half[end - count : end] = tube.width
        half *= np.float32(0.5)
        inner = half * np.repeat(np.array([tube.lumen for tube in tubes], np.float32), counts)
        longest_paths(out, points, half, inner, ends)
    return out


def moved(
    tubes: list[Tube], moment: Moment | None, heart: float = 0.0, breath: float = 0.0
) -> list[Tube]:
    """Return tubes where they are at a moment of a run; as they are where there is none."""
    if moment is None:
        return tubes
    curves = np.concatenate([np.empty(0, np.complex128), *(tube.curve for tube in tubes)])
    curves += moment.displacement(curves, heart, breath)
    ends = np.cumsum([len(tube.curve) for tube in tubes])
    parts = zip(tubes, np.split(curves, ends[:-1]), strict=False)
    return [Tube(curve, tube.width, tube.lumen) for tube, curve in parts]


def walk(
    start: complex, heading: float, length: float, step: float, wander: float, rng: Rng
) -> Curve:
    """Return a winding curve, its points ``step`` px apart.

    Its heading drifts by a bend of its own and a random walk, smoothed so that it has no kinks:
    ``wander`` is the standard deviation of either in radians after 100 px.
    """
    noise = rng.standard_normal(max(int(length / step), 2) + 5)
    return np.asarray(_walk(start, heading, noise, step, wander))


@njit(cache=True)
def _walk(start, heading, noise, step, wander):  # type: ignore[no-untyped-def]
    """Step n times, turning by a mean of five normals and the bend; rotations by power series."""
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


def tree(start: complex, heading: float, width: float, length: float, rng: Rng) -> list[Tube]:
    """Return a contrast-filled artery with branches of two orders, tapering to the ends."""
    branches = _tree(complex(start), float(heading), width, length, rng)
    return [Tube(curve, widths) for curve, widths in branches]


@njit(cache=True)
def _tree(start, heading, width, length, rng):  # type: ignore[no-untyped-def]
    """Draw inside the loop: a tree has a dozen branches, and NumPy is slow on so few numbers."""
    branches, open_ends = [], [(start, heading, width, length, 0)]
    while open_ends:
        place, heading, width, length, order = open_ends.pop()
        noise = rng.standard_normal(max(int(length / 4.0), 2) + 5)
        curve = _walk(place, heading, noise, 4.0, 0.8 + 0.2 * order)
        end = max(width * (0.35 + 0.4 * rng.random()), 0.6)
        taper = (end - width) / len(curve)
        branches.append((curve, width + taper * np.arange(len(curve))))
        if order == 2:
            continue
        for _ in range(1 + int((6, 3)[order] * rng.random())):
            u, v, w, side = rng.random(), rng.random(), rng.random(), rng.random()
            k = 1 + int(u * (len(curve) - 2))
            ahead = curve[k + 1] - curve[k]
            turn = (0.4 + 0.9 * v) * (1 if side < 0.5 else -1)
            across = (width + taper * k) * (0.4 + 0.5 * w)
            aim = math.atan2(ahead.imag, ahead.real) + turn
            open_ends.append((curve[k], aim, across, length * (0.2 + 0.5 * v), order + 1))
    return branches


def sternal_wires(side: int, rng: Rng) -> list[Tube]:
    """Return three to six twisted loops of steel, one below the other."""
    place = complex(*(rng.random(2) * (0.8, 0.3) + (0.1, 0.0))) * side
    gap = (20 + 20 * rng.random()) * side / 256
    lean = 1j * np.exp(1j * rng.normal(0, 0.15)) * gap
    size = (5 + 6 * rng.random()) * side / 256
    turn = np.linspace(0, 2 * math.pi, 22)
    tubes = []
    for i in range(3 + int(4 * rng.random())):
        tilt = np.exp(1j * rng.normal(0, 0.4))
        loop = (np.cos(turn) + 0.5j * np.sin(turn)) * size * (0.8 + 0.4 * rng.random())
        tail = np.array([1.0, 1.6 + 0.3j]) * size
        at = place + i * lean
        tubes += [Tube(at + loop * tilt, 1.1), Tube(at + tail * tilt, 1.8)]
    return tubes


def clips(side: int, rng: Rng) -> list[Tube]:
    """Return a cluster of staples or clips: short bars."""
    centre = complex(*rng.random(2)) * side
    spread, along = (5 + 30 * rng.random()) * side / 256, rng.random() * math.pi
    tubes = []
    for x, y, size, turn in rng.standard_normal((3 + int(8 * rng.random()), 4)):
        bar = np.array([-1, 1]) * (2 + abs(size)) * np.exp(1j * (along + 0.4 * turn))
        tubes.append(Tube(centre + spread * complex(x, y) + bar * side / 256, 1.2))
    return tubes


def screw(side: int, rng: Rng) -> list[Tube]:
    """Return one or two screws: a threaded rod with a head."""
    tubes = []
    for _ in range(1 + int(2 * rng.random())):
        length, width = (25 + 40 * rng.random()) * side / 256, (3 + 4 * rng.random()) * side / 256
        heading = np.exp(2j * math.pi * rng.random())
        along = np.arange(0, length, 1.5)
        thread = width * (1 + 0.18 * np.sign(np.sin(along * 2.1)))
        start = complex(*rng.random(2)) * side
        tubes.append(Tube(start + along * heading, thread))
        tubes.append(Tube(start + np.array([-1.0, 1.0]) * width * 0.5j * heading, 1.2 * width))
    return tubes


def stent(side: int, rng: Rng) -> list[Tube]:
    """Return a stent or valve frame: rows of zigzag rings round a bent axis."""
    radius, rows = (3 + 9 * rng.random()) * side / 256, 4 + int(8 * rng.random())
    start = complex(*(0.15 + 0.7 * rng.random(2))) * side
    axis = walk(start, 2 * math.pi * rng.random(), rows * radius, radius, 0.5, rng)
    normal = 1j * np.exp(1j * np.angle(np.gradient(axis)))
    t = np.arange(0, 25)
    across, zigzag = np.cos(t * math.pi / 12), (t % 4 - 2) * 0.25
    return [
        Tube(p + radius * (across * n + zigzag * n / 1j), 0.8)
        for p, n in zip(axis, normal, strict=True)
    ]


def lead(side: int, rng: Rng) -> list[Tube]:
    """Return a cable across the frame that ends in an electrode or leaves it again."""
    curve = walk(*_entry(side, rng), (0.5 + rng.random()) * side, 4.0, 0.5, rng)
    width = (1.0 + 1.2 * rng.random()) * side / 256
    tubes = [Tube(curve, width)]
    kind = rng.random()
    if kind < 0.4:  # a snap electrode
        tubes.append(Tube(curve[-2:], (5 + 4 * rng.random()) * side / 256, 0.4))
    elif kind < 0.7:  # the poles of a pacing lead
        tubes += [Tube(curve[-2:], 2 * width), Tube(curve[-6:-4], 1.8 * width)]
    return tubes


def probe(side: int, rng: Rng) -> list[Tube]:
    """Return the head of a transoesophageal ultrasound probe and its shaft."""
    start, heading = _entry(side, rng)
    shaft = walk(start, heading, (0.3 + 0.4 * rng.random()) * side, 6.0, 0.25, rng)
    width = (8 + 6 * rng.random()) * side / 256
    last = shaft[-1] + (shaft[-1] - shaft[-2]) * np.array([0.0, 3 + 3 * rng.random()])
    return [Tube(shaft, width, 0.75), Tube(last, 1.6 * width, 0.3)]


def dots(side: int, rng: Rng) -> list[Tube]:
    """Return a few dark balls: markers, bearings, beads of an electrode."""
    places = rng.random((1 + int(3 * rng.random()), 3))
    return [
        Tube(complex(x, y) * side + np.array([0, 0.1]), (2 + 4 * w) * side / 256)
        for x, y, w in places
    ]


def _entry(side: int, rng: Rng) -> tuple[complex, float]:
    """Return a point on the border and a heading into the picture."""
    edge, along, turn = rng.random(3).tolist()
    centre = (side - 1) * (0.5 + 0.5j)
    k = int(4 * edge)
    start = centre + complex((along - 0.5) * side, -0.5 * side - 4) * 1j**k
    return start, math.pi / 2 * (k + 1) + 1.2 * (turn - 0.5)


# Each with the attenuation of its matter in 1/mm, about 70 kVp
SHAPES: dict[str, tuple[Callable[[int, Rng], list[Tube]], float]] = {
    "sternal_wires": (sternal_wires, 1.3),
    "clips": (clips, 1.2),
    "screw": (screw, 1.0),
    "stent": (stent, 1.2),
    "lead": (lead, 0.6),
    "probe": (probe, 0.5),
    "dots": (dots, 2.0),
}
