"""What surrounds a patient and is no instrument: the table, covers, markers, cables, hardware.

All is drawn in px of a 256 px picture; ``scaled`` fits it to another. Each function returns tubes,
and what they are made of follows in ``SHAPES``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from fluorosynth.geometry.tubes import Curve, Rng, Tube, walk
from fluorosynth.xray.foreign_objects import entry
from fluorosynth.xray.materials import Material

SIDE = 256
ACROSS = np.linspace(-1.5, 1.5, 13)  # sides, along a line that crosses the picture
LETTERS = {  # strokes in a unit box, y down
    "L": ((0, 1j, 0.6 + 1j),),
    "R": ((1j, 0, 0.5, 0.6 + 0.25j, 0.5 + 0.5j, 0.5j), (0.3 + 0.5j, 0.6 + 1j)),
    "T": ((0, 0.7), (0.35, 0.35 + 1j)),
    "O": ((0.3, 0, 1j, 0.6 + 1j, 0.6, 0.3),),
}


def table(rng: Rng) -> list[Tube]:
    """Return the edge of a table or cushion: a slab between two rails across the picture.

    Parameters
    ----------
    rng
        Source of all draws.
    """
    axis, across = _crossing(rng)
    gap, rail = rng.uniform(8, 50), rng.uniform(1.0, 5.0)
    slab = [Tube(axis + 0.5 * gap * across, gap, 0.97)] if rng.random() < 0.6 else []
    return [*slab, Tube(axis, rail), Tube(axis + gap * across, rail * rng.uniform(0.4, 1.5))]


def covers(rng: Rng) -> list[Tube]:
    """Return hems of a cover, sheet or tube of a drape: thin lines that cross the picture.

    Parameters
    ----------
    rng
        Source of all draws.
    """
    tubes = []
    for _ in range(1 + int(2 * rng.random())):
        axis, across = _crossing(rng)
        width = rng.uniform(0.7, 3.0)
        tubes.append(Tube(axis, width))
        if rng.random() < 0.3:
            tubes.append(Tube(axis + rng.uniform(2, 6) * width * across, width))
    return tubes


def letters(rng: Rng) -> list[Tube]:
    """Return a side marker of lead near the border: one to three letters.

    Parameters
    ----------
    rng
        Source of all draws.
    """
    scale, tilt = rng.uniform(7, 18), np.exp(1j * rng.normal(0, 0.3))
    at = complex(*rng.choice([0.06, 0.88], 2) + rng.uniform(-0.04, 0.04, 2)) * SIDE
    names = list(LETTERS)
    width = 0.17 * scale
    return [
        Tube(at + (np.array(stroke) + 0.9 * i) * scale * tilt, width)
        for i in range(1 + int(3 * rng.random()))
        for stroke in LETTERS[names[int(rng.random() * len(names))]]
    ]


def beads(rng: Rng) -> list[Tube]:
    """Return beads or discs on the skin, some in a row, some with a hole.

    Parameters
    ----------
    rng
        Source of all draws.
    """
    size, lumen = rng.uniform(2, 10), 0.6 * (rng.random() < 0.4)
    first, gap = complex(*rng.random(2)) * SIDE, rng.uniform(12, 70) * np.exp(2j * rng.random() * 3)
    dot = np.array([0, 0.1])
    return [
        Tube(first + (i * gap + complex(*rng.normal(0, 3, 2))) + dot, size, lumen)
        for i in range(1 + int(5 * rng.random()))
    ]


def cables(rng: Rng) -> list[Tube]:
    """Return a bundle of electrode cables (ECG, EMG): thin, of one origin, in pairs, with plugs.

    Parameters
    ----------
    rng
        Source of all draws.
    """
    start, heading = entry(SIDE, rng)
    width, tubes = rng.uniform(0.7, 1.8), []
    for _ in range(2 + int(4 * rng.random())):
        begin = start + complex(*rng.normal(0, 8, 2))
        turn, length = heading + rng.normal(0, 0.4), rng.uniform(0.3, 1.4) * SIDE
        curve = walk(begin, turn, length, 4.0, rng.uniform(0.3, 1.2), rng)
        tubes.append(Tube(curve, width))
        if rng.random() < 0.4:
            wave = np.cos(np.arange(len(curve)) * rng.uniform(0.3, 0.9))
            tubes.append(Tube(curve + 2.2 * width * wave * _normals(curve), width))
        if rng.random() < 0.7:
            plug = curve[-1] + (curve[-1] - curve[-2]) * np.array([0.0, rng.uniform(0.5, 3)])
            tubes.append(Tube(plug, rng.uniform(3, 9), 0.5))
    return tubes


def pins(rng: Rng) -> list[Tube]:
    """Return straight pins, drills or rods of an operation on bone, some in a wide handle.

    Parameters
    ----------
    rng
        Source of all draws.
    """
    tubes = []
    for _ in range(1 + int(2 * rng.random())):
        start, heading = entry(SIDE, rng)
        ahead = np.exp(1j * (heading + rng.normal(0, 0.3)))
        length, width = rng.uniform(0.3, 0.9) * SIDE, rng.uniform(2.0, 8.0)
        tubes.append(Tube(start + np.linspace(0, length, 3) * ahead, width))
        if rng.random() < 0.5:
            handle = np.linspace(0, 0.5 * rng.random() * length, 3) * ahead
            tubes.append(Tube(start + handle, width * rng.uniform(2, 5)))
    return tubes


def plate(rng: Rng) -> list[Tube]:
    """Return a bone plate with its screws.

    Parameters
    ----------
    rng
        Source of all draws.
    """
    start, heading = complex(*rng.uniform(0.1, 0.9, 2)) * SIDE, 2 * math.pi * rng.random()
    length, width = rng.uniform(40, 130), rng.uniform(7, 14)
    bar = walk(start, heading, length, 8.0, 0.3, rng)
    tubes = [Tube(bar, width, 0.8)]
    for place, normal in zip(bar[::2], _normals(bar)[::2], strict=True):
        if rng.random() < 0.7:
            reach = rng.uniform(1.5, 4) * width * normal
            tubes.append(Tube(place + reach * np.array([0.0, 1.0]), 0.35 * width))
    return tubes


# Each with a material that attenuates as its matter does, and with how much of it there is
SHAPES: dict[str, tuple[Callable[[Rng], list[Tube]], Material, float]] = {
    "table": (table, "bone", 1.5),
    "covers": (covers, "pebax_baso4_40", 0.76),
    "letters": (letters, "pebax_tungsten", 1.0),
    "beads": (beads, "pebax_baso4_40", 1.08),
    "cables": (cables, "steel", 0.54),
    "pins": (pins, "steel", 0.69),
    "plate": (plate, "steel", 0.62),
}


def _crossing(rng: Rng) -> tuple[Curve, complex]:
    """Draw a nearly straight line across the picture, most of them level, and its normal."""
    turn = rng.normal(0, 0.12) + (math.pi / 2) * (rng.random() < 0.12)
    if rng.random() < 0.12:
        turn = math.pi * rng.random()
    ahead = complex(math.cos(turn), math.sin(turn))
    middle = complex(*rng.uniform(0.05, 0.95, 2)) * SIDE
    sag = rng.normal(0, 0.03) * (rng.random() < 0.5)
    end = 1.5 if rng.random() < 0.7 else rng.uniform(0.0, 0.6)  # some end in the picture
    along = np.minimum(ACROSS, end)
    return middle + SIDE * ahead * (along + 1j * sag * along**2), 1j * ahead


def _normals(curve: Curve) -> Curve:
    return np.asarray(1j * np.exp(1j * np.angle(np.gradient(curve))))
