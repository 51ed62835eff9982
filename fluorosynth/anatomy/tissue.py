"""Soft tissue: the body's thickness, its grain, gas, and soft straight edges."""

from __future__ import annotations

import numpy as np

from fluorosynth.anatomy.fields import fractal
from fluorosynth.anatomy.shapes import ball, step
from fluorosynth.anatomy.view import Map, View

WATER = 0.020  # attenuation of soft tissue, 1/mm, at the beam's mean energy (NIST XCOM, 75 keV)
LUNG = 0.014  # what a millimetre of lung lacks of that
BONE = 0.045  # what a millimetre of cortical bone adds to it


def body(view: View, rng: np.random.Generator) -> Map:
    """Attenuation of the trunk: a slope across the field and slow unevenness."""
    slope = rng.normal(0.0, 0.22, 2) / view.fov
    uneven = fractal(view.size, rng, (1, 2, 4), 1.0)
    return slope[0] * view.x + slope[1] * view.y + 0.10 * uneven


def mottle(view: View, rng: np.random.Generator, amplitude: float) -> Map:
    """Unevenness of fat, muscle and small vessels, down to a few millimetres."""
    cells = tuple(2**k for k in range(2, 8) if 2**k <= view.fov)
    return amplitude * fractal(view.size, rng, cells, 0.75)


def fold(view: View, rng: np.random.Generator) -> Map:
    """A skin fold, arm or cushion: more tissue on one side of a curved line."""
    angle, at = rng.uniform(0, 2 * np.pi), rng.uniform(-0.45, 0.45) * view.fov
    across, along = view.turned(0.0, 0.0, angle)
    edge = across - at - rng.uniform(-0.8, 0.8) * along**2 / view.fov
    depth = np.sqrt(np.maximum(edge, 0.0))
    return rng.uniform(0.01, 0.03) * np.minimum(depth, 6.0) * step(edge, rng.uniform(1, 5))


def gas(view: View, rng: np.random.Generator) -> Map:
    """Bowel gas: a chain of overlapping bubbles that displace tissue."""
    place, heading = rng.uniform(-0.5, 0.5, 2) * view.fov, rng.uniform(0, 2 * np.pi)
    total = np.zeros((view.size, view.size))
    for _ in range(rng.integers(2, 7)):
        radius = rng.uniform(7.0, 16.0)
        across, along = view.turned(place[0], place[1], rng.uniform(0, np.pi))
        r2 = (across / radius) ** 2 + (along / (radius * rng.uniform(0.7, 1.2))) ** 2
        total = np.maximum(total, 2 * radius * ball(r2))
        heading += rng.normal(0.0, 0.5)
        place = place + 1.2 * radius * np.array([np.cos(heading), np.sin(heading)])
    return -0.5 * WATER * total
