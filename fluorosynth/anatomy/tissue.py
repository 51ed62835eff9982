"""Soft tissue: the body's thickness, its grain, gas, and soft straight edges."""

from __future__ import annotations

import numpy as np

from fluorosynth.anatomy.fields import Map, fractal, smooth
from fluorosynth.anatomy.shapes import step
from fluorosynth.anatomy.view import View
from fluorosynth.xray.materials import SOFT_TISSUE


def body(view: View, rng: np.random.Generator) -> Map:
    """Return the attenuation of the trunk: a slope across the field and slow unevenness.

    Parameters
    ----------
    view
        Pixels in patient coordinates.
    rng
        Source of all draws.
    """
    right, down = (rng.normal(0.0, 0.22 / view.fov) for _ in range(2))
    uneven = fractal(view.size, rng, (1, 2, 4), 1.0)
    return right * view.x + down * view.y + 0.10 * uneven


def mottle(view: View, rng: np.random.Generator, amplitude: float) -> Map:
    """Return the unevenness of fat, muscle and small vessels, down to a few millimetres.

    Parameters
    ----------
    view
        Pixels in patient coordinates.
    rng
        Source of all draws.
    amplitude
        Standard deviation of the attenuation, no unit.
    """
    cells = tuple(2**k for k in range(2, 8) if 2**k <= view.fov)
    return amplitude * fractal(view.size, rng, cells, 0.75)


def layers(view: View, rng: np.random.Generator) -> Map:
    """Return overlapping sheets of tissue with soft, winding borders: level sets of noise.

    Parameters
    ----------
    view
        Pixels in patient coordinates.
    rng
        Source of all draws.
    """
    total = np.zeros_like(view.x)
    for _ in range(rng.integers(2, 7)):
        n = rng.integers(4, 8)
        sheet = smooth(rng.standard_normal((n, n)), view.size)
        border = step(sheet - rng.normal(0.0, 0.4), rng.uniform(0.02, 0.35))
        total += rng.uniform(0.01, 0.05) * border
    return total


def fold(view: View, rng: np.random.Generator) -> Map:
    """Return a skin fold, arm or cushion: more tissue on one side of a curved line.

    Parameters
    ----------
    view
        Pixels in patient coordinates.
    rng
        Source of all draws.
    """
    angle, at = rng.uniform(0, 2 * np.pi), rng.uniform(-0.45, 0.45) * view.fov
    across, along = view.turned(0.0, 0.0, angle)
    edge = across - at - rng.uniform(-0.8, 0.8) * along**2 / view.fov
    depth = np.sqrt(np.maximum(edge, 0.0))
    return rng.uniform(0.01, 0.03) * np.minimum(depth, 6.0) * step(edge, rng.uniform(1, 5))


def gas(view: View, rng: np.random.Generator) -> Map:
    """Return the attenuation that a loop of bowel gas lacks: a chain of merging bubbles.

    Parameters
    ----------
    view
        Pixels in patient coordinates.
    rng
        Source of all draws.
    """
    place, heading = rng.uniform(-0.5, 0.5, 2) * view.fov, rng.uniform(0, 2 * np.pi)
    total = np.full_like(view.x, -1.0)
    for _ in range(rng.integers(2, 7)):
        radius, flat = rng.uniform(9.0, 18.0), rng.uniform(0.6, 1.0)
        part, where = view.around(place[0], place[1], 1.4 * radius)
        across, along = part.turned(place[0], place[1], rng.uniform(0, np.pi))
        bubble = 1.0 - (across / radius) ** 2 - (along / (radius * flat)) ** 2
        total[where] = np.maximum(total[where], bubble)
        heading += rng.normal(0.0, 0.6)
        place = place + 0.9 * radius * np.array([np.cos(heading), np.sin(heading)])
    total += 0.5 * smooth(rng.standard_normal((14, 14)), view.size)
    return -SOFT_TISSUE * rng.uniform(4.0, 14.0) * np.sqrt(np.clip(total, 0.0, 1.0))
