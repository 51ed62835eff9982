"""Arms, legs and hands against air: long bones, joints, prostheses.

Line integrals in units of 1, from chords through tubes. Sizes in px of a 256 px picture, at about
.7 mm a px.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from fluorosynth.anatomy.compose import aperture, display, expose
from fluorosynth.anatomy.fields import Map
from fluorosynth.anatomy.noise import quantum
from fluorosynth.geometry.tubes import Curve, Rng, Tube, union, walk
from fluorosynth.sample import Image
from fluorosynth.xray.line_integrals import levels
from fluorosynth.xray.materials import water_and_bone

MM_PER_PX = 0.7  # of a 256 px picture
WATER, BONE = water_and_bone(50.0)  # 1/mm
SOFT, BONES, METAL = (mu * MM_PER_PX for mu in (WATER, BONE - WATER, 0.5))  # 1/px
SATURATION = 1.5  # ln: air shows as bright as what is so much brighter than the median


def render(size: int, rng: Rng, borders: float, noise: float) -> Image:
    """Return a ``(size, size)`` uint8 picture of a limb, dense material dark.

    Parameters
    ----------
    size
        Side in pixels.
    rng
        Source of all that is drawn.
    borders
        Probability that the edge of the exposed field shows.
    noise
        Factor on the quantum noise.
    """
    lines = line_integrals(size, rng)
    lines = lines - np.median(lines)
    grey = display(expose(np.maximum(lines, -SATURATION), rng), rng) * aperture(size, rng, borders)
    grey += quantum(grey, rng, noise * rng.uniform(2.0, 5.0))
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)


def render_lines(size: int, rng: Rng) -> Image:
    """Return the line integrals of the same limb, as grey levels: ``xray.line_integrals``.

    Parameters
    ----------
    size
        Side in pixels.
    rng
        Source of all that is drawn.
    """
    return levels(line_integrals(size, rng))


def line_integrals(size: int, rng: Rng) -> Map:
    """Return the attenuation along each ray through a limb, ``(S, S)``, no unit.

    Parameters
    ----------
    size
        Side in pixels.
    rng
        Source of all that is drawn.
    """
    lines = (hand if rng.random() < 0.3 else joint)(size, rng)
    grain = cv2.resize(rng.standard_normal((size // 3, size // 3)), (size, size))
    return np.asarray(lines * (1 + 0.02 * grain))


def mm_per_px(size: int, rng: Rng) -> float:  # noqa: ARG001 - all are of one scale
    """Return the millimetres per pixel of a picture of a limb.

    Parameters
    ----------
    size
        Side in pixels.
    rng
        Source of what is drawn: nothing.
    """
    return MM_PER_PX * 256 / size


def joint(size: int, rng: Rng) -> Map:
    """Return an arm or leg that crosses the picture, bent at a joint, some with a prosthesis.

    Parameters
    ----------
    size
        Side of the frame, px.
    rng
        Source of all draws.
    """
    scale = size / 256
    centre = complex(*rng.uniform(60, 196, 2)) * scale
    heading, bend = 2 * math.pi * rng.random(), rng.uniform(-1.4, 1.4) * rng.random()
    thick = rng.uniform(60, 170) * scale
    soft, bones, metal = [], [], []
    for way, turn in ((1.0, heading), (-1.0, heading + bend)):
        shaft = _shaft(centre, way * np.exp(1j * turn), 1.5 * size, 0.1, rng)
        along = np.abs(shaft - centre) / size
        soft.append(Tube(shaft, thick * (1 + 0.25 * np.sin(3 * along + way))))
        for bone in _bones(shaft, thick, rng):
            bones.append(bone)
    ball = np.array([0, 0.1]) + centre
    bones.append(Tube(ball, rng.uniform(0.25, 0.45) * thick, 0.75))
    if rng.random() < 0.35:
        metal = _prosthesis(centre, heading, thick, rng)
    return _lines(size, soft, bones, metal)


def hand(size: int, rng: Rng) -> Map:
    """Return a hand with its wrist: two bones of the forearm, carpals, five rays.

    Parameters
    ----------
    size
        Side of the frame, px.
    rng
        Source of all draws.
    """
    scale = rng.uniform(0.7, 1.3) * size / 256
    wrist = complex(*rng.uniform(90, 166, 2)) * size / 256
    ahead = np.exp(2j * math.pi * rng.random())
    arm = _shaft(wrist, -ahead, 1.5 * size, 0.05, rng)
    soft, bones = [Tube(arm, 60 * scale), Tube(wrist + np.array([0, 40]) * ahead * scale, 66)], []
    for side in (-1, 1):
        bones.append(Tube(arm + 13j * side * ahead * scale, rng.uniform(13, 18) * scale, 0.6))
    for _ in range(8):
        place = wrist + complex(rng.uniform(-4, 16), rng.uniform(-22, 22)) * ahead * scale
        bones.append(Tube(place + np.array([0, 3.0]) * scale, rng.uniform(10, 15) * scale, 0.7))
    spread = rng.uniform(0.05, 0.25)
    for ray in range(-2, 3):
        at, turn = wrist + (20 + 10j * ray) * ahead * scale, ahead * np.exp(1j * ray * spread)
        lengths = np.array([44, 26, 18, 12]) * rng.uniform(0.85, 1.15) * scale
        soft.append(Tube(at + np.array([0, lengths.sum()]) * turn, 22 * scale))
        for length, width in zip(lengths, (10, 9, 8, 6), strict=True):
            shape = width * scale * np.array([1.2, 0.8, 0.75, 0.85, 1.2])
            bones.append(Tube(at + np.linspace(0.08, 0.92, 5) * length * turn, shape, 0.6))
            turn = turn * np.exp(1j * rng.normal(0, 0.08))
            at = at + length * turn
    return _lines(size, soft, bones, [])


def _shaft(start: complex, ahead: complex, length: float, wander: float, rng: Rng) -> Curve:
    return walk(start, float(np.angle(ahead)), length, 8.0, wander, rng)


def _bones(shaft: Curve, thick: float, rng: Rng) -> list[Tube]:
    """Return the one or two bones of a part of a limb, wider at the joint."""
    from_joint = np.abs(shaft - shaft[0]) / thick
    flare = 1 + 0.9 * np.exp(-((from_joint / 0.35) ** 2))
    normal = 1j * np.exp(1j * np.angle(np.gradient(shaft)))
    if rng.random() < 0.5:
        width, aside = rng.uniform(0.22, 0.35), rng.uniform(-0.15, 0.15)
        return [Tube(shaft + aside * thick * normal, width * thick * flare, 0.65)]
    return [
        Tube(shaft + aside * thick * normal, width * thick * flare, rng.uniform(0.5, 0.7))
        for aside, width in ((-0.12, rng.uniform(0.2, 0.28)), (0.2, rng.uniform(0.1, 0.18)))
    ]


def _prosthesis(centre: complex, heading: float, thick: float, rng: Rng) -> list[Tube]:
    """Return the metal of a joint: a bent shield, and a tray with its stem."""
    ahead = np.exp(1j * heading)
    size, width = rng.uniform(0.25, 0.4) * thick, rng.uniform(0.06, 0.16) * thick
    arc = np.exp(1j * np.linspace(-1.8, 1.8, 24)) * -size * ahead
    tray = centre - (1.1 * size + 0.6j * size * np.linspace(-1, 1, 5)) * ahead
    stem = tray[2] - np.linspace(0, rng.uniform(0.3, 0.8) * thick, 4) * ahead
    return [Tube(centre + arc, width), Tube(tray, 0.7 * width), Tube(stem, 1.2 * width)]


def _lines(size: int, soft: list[Tube], bones: list[Tube], metal: list[Tube]) -> Map:
    shape, per_px = (size, size), 256 / size
    total = SOFT * union(soft, shape) + BONES * union(bones, shape) + METAL * union(metal, shape)
    return np.asarray(total, np.float64) * per_px
