"""The exposed field: circular intensifier, collimator blades, soft wedge filters."""

from __future__ import annotations

import numpy as np

from fluorosynth.anatomy.fields import Map
from fluorosynth.anatomy.shapes import step


def pixels(size: int) -> tuple[Map, Map]:
    """Return (x, y) as fractions of the side from the frame's centre, ``(1, n)`` and ``(n, 1)``.

    Parameters
    ----------
    size
        Side of the frame, px.
    """
    axis = (np.arange(size) + 0.5) / size - 0.5
    return axis[None, :], axis[:, None]


def circle(size: int, rng: np.random.Generator) -> Map:
    """Return the transmission of a round field, radius .46 to .52 of the side, black outside.

    Parameters
    ----------
    size
        Side of the frame, px.
    rng
        Source of all draws.
    """
    x, y = pixels(size)
    centre = rng.normal(0.0, 0.008, 2)
    r = np.hypot(x - centre[0], y - centre[1])
    return step(rng.uniform(0.46, 0.52) - r, 1.5 / size + rng.uniform(0, 0.006))


def blades(size: int, rng: np.random.Generator) -> Map:
    """Return the transmission of four collimator blades, each up to a few per cent into the frame.

    Parameters
    ----------
    size
        Side of the frame, px.
    rng
        Source of all draws.
    """
    inset = np.maximum(rng.normal(0.003, 0.006) + rng.normal(0.0, 0.006, 4), -0.015)
    width, leak = rng.uniform(0.004, 0.03, 4), rng.uniform(0.0, 0.2)
    axis = pixels(size)[0][0] + 0.5
    left, right, top, low = (
        leak + (1 - leak) * step(a - i - w / 2, w)
        for a, i, w in zip((axis, axis[::-1], axis, axis[::-1]), inset, width, strict=True)
    )
    return np.outer(top * low, left * right)


def wedge(size: int, rng: np.random.Generator) -> Map:
    """Return the attenuation of a semi-transparent filter pushed in from one side.

    Parameters
    ----------
    size
        Side of the frame, px.
    rng
        Source of all draws.
    """
    x, y = pixels(size)
    angle = rng.uniform(0, 2 * np.pi)
    d = np.cos(angle) * x + np.sin(angle) * y
    return rng.uniform(0.1, 0.4) * step(d - rng.uniform(0.2, 0.5), rng.uniform(0.02, 0.15))
