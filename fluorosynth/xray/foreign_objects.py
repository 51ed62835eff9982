"""What lies on a patient or in him and is no instrument: metal and cables, as tubes.

All lengths are in px of a 256 px picture unless they come with a scale.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from fluorosynth.geometry.tubes import Rng, Tube, walk
from fluorosynth.xray.materials import Material


def sternal_wires(side: int, rng: Rng) -> list[Tube]:
    """Return three to six twisted loops of steel, one below the other.

    Parameters
    ----------
    side
        Side of the picture, px.
    rng
        Source of all draws.
    """
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
    """Return a cluster of staples or clips: short bars.

    Parameters
    ----------
    side
        Side of the picture, px.
    rng
        Source of all draws.
    """
    centre = complex(*rng.random(2)) * side
    spread, along = (5 + 30 * rng.random()) * side / 256, rng.random() * math.pi
    tubes = []
    for x, y, size, turn in rng.standard_normal((3 + int(8 * rng.random()), 4)):
        bar = np.array([-1, 1]) * (2 + abs(size)) * np.exp(1j * (along + 0.4 * turn))
        tubes.append(Tube(centre + spread * complex(x, y) + bar * side / 256, 1.2))
    return tubes


def screw(side: int, rng: Rng) -> list[Tube]:
    """Return one or two screws: a threaded rod with a head.

    Parameters
    ----------
    side
        Side of the picture, px.
    rng
        Source of all draws.
    """
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
    """Return a stent or valve frame: rows of zigzag rings round a bent axis.

    Parameters
    ----------
    side
        Side of the picture, px.
    rng
        Source of all draws.
    """
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
    """Return a cable across the frame that ends in an electrode or leaves it again.

    Parameters
    ----------
    side
        Side of the picture, px.
    rng
        Source of all draws.
    """
    curve = walk(*entry(side, rng), (0.5 + rng.random()) * side, 4.0, 0.5, rng)
    width = (1.0 + 1.2 * rng.random()) * side / 256
    tubes = [Tube(curve, width)]
    kind = rng.random()
    if kind < 0.4:  # a snap electrode
        tubes.append(Tube(curve[-2:], (5 + 4 * rng.random()) * side / 256, 0.4))
    elif kind < 0.7:  # the poles of a pacing lead
        tubes += [Tube(curve[-2:], 2 * width), Tube(curve[-6:-4], 1.8 * width)]
    return tubes


def probe(side: int, rng: Rng) -> list[Tube]:
    """Return the head of a transoesophageal ultrasound probe and its shaft.

    Parameters
    ----------
    side
        Side of the picture, px.
    rng
        Source of all draws.
    """
    start, heading = entry(side, rng)
    shaft = walk(start, heading, (0.3 + 0.4 * rng.random()) * side, 6.0, 0.25, rng)
    width = (8 + 6 * rng.random()) * side / 256
    last = shaft[-1] + (shaft[-1] - shaft[-2]) * np.array([0.0, 3 + 3 * rng.random()])
    return [Tube(shaft, width, 0.75), Tube(last, 1.6 * width, 0.3)]


def dots(side: int, rng: Rng) -> list[Tube]:
    """Return a few dark balls: markers, bearings, beads of an electrode.

    Parameters
    ----------
    side
        Side of the picture, px.
    rng
        Source of all draws.
    """
    places = rng.random((1 + int(3 * rng.random()), 3))
    return [
        Tube(complex(x, y) * side + np.array([0, 0.1]), (2 + 4 * w) * side / 256)
        for x, y, w in places
    ]


def entry(side: int, rng: Rng) -> tuple[complex, float]:
    """Return a point on the border and a heading into the picture.

    Parameters
    ----------
    side
        Side of the picture, px.
    rng
        Source of all draws.
    """
    edge, along, turn = rng.random(3).tolist()
    centre = (side - 1) * (0.5 + 0.5j)
    k = int(4 * edge)
    start = centre + complex((along - 0.5) * side, -0.5 * side - 4) * 1j**k
    return start, math.pi / 2 * (k + 1) + 1.2 * (turn - 0.5)


# Each with a material that attenuates as its matter does, and with how much of it there is
SHAPES: dict[str, tuple[Callable[[int, Rng], list[Tube]], Material, float]] = {
    "sternal_wires": (sternal_wires, "steel", 1.0),
    "clips": (clips, "steel", 0.92),
    "screw": (screw, "steel", 0.77),
    "stent": (stent, "nitinol", 1.12),
    "lead": (lead, "steel", 0.46),
    "probe": (probe, "steel", 0.38),
    "dots": (dots, "pebax_tungsten", 1.0),
}
