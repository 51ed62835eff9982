"""The exposed field: circular intensifier, collimator blades, soft wedge filters."""

from __future__ import annotations

import numpy as np

from fluorosynth.anatomy.shapes import step
from fluorosynth.anatomy.view import Map


def pixels(size: int) -> tuple[Map, Map]:
    """Return (x, y) as fractions of the side from the frame's centre, ``(1, n)`` and ``(n, 1)``."""
    axis = (np.arange(size) + 0.5) / size - 0.5
    return axis[None, :], axis[:, None]


def circle(size: int, rng: np.random.Generator) -> Map:
    """Transmission of a round field, radius .46 to .52 of the side, black outside."""
    x, y = pixels(size)
    centre = rng.normal(0.0, 0.008, 2)
    r = np.hypot(x - centre[0], y - centre[1])
    return step(rng.uniform(0.46, 0.52) - r, 1.5 / size + rng.uniform(0, 0.006))


def blades(size: int, rng: np.random.Generator) -> Map:
    """Transmission of four collimator blades, each a few per cent into the frame."""
    total = np.ones((size, size))
    for k in range(4):
        x, y = pixels(size)
        inward = (x, y, -x, -y)[k] + rng.normal(0.0, 0.004) * (y, x, y, x)[k] * 2
        edge = -0.5 + max(rng.normal(0.012, 0.015), -0.02)
        width = rng.uniform(0.004, 0.04)
        leak = rng.uniform(0.0, 0.25)
        total *= leak + (1 - leak) * step(inward - edge - width / 2, width)
    return total


def wedge(size: int, rng: np.random.Generator) -> Map:
    """Attenuation of a semi-transparent filter pushed in from one side."""
    x, y = pixels(size)
    angle = rng.uniform(0, 2 * np.pi)
    d = np.cos(angle) * x + np.sin(angle) * y
    return rng.uniform(0.15, 0.6) * step(d - rng.uniform(0.15, 0.5), rng.uniform(0.01, 0.12))
