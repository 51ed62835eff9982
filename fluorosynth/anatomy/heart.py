"""What stands against the lung: heart shadow, diaphragm, vessels of the lung itself."""

from __future__ import annotations

import numpy as np

from fluorosynth.anatomy.fields import Map, fractal, smooth
from fluorosynth.anatomy.shapes import ball
from fluorosynth.anatomy.view import View
from fluorosynth.xray.materials import LUNG_LACKS


def heart(view: View, x: float, y: float, rng: np.random.Generator) -> Map:
    """Return the attenuation of the heart against lung: ellipsoids about a point.

    Parameters
    ----------
    view
        Pixels in patient coordinates.
    x
        Distance of the point to the right of the frame's centre, mm.
    y
        Distance of the point below the frame's centre, mm.
    rng
        Source of all draws.
    """
    wide, high = rng.uniform(45.0, 75.0), rng.uniform(55.0, 85.0)
    across, along = view.turned(x, y, rng.uniform(-0.7, 0.7))
    uneven = 0.2 * smooth(rng.standard_normal((8, 8)), view.size)
    left = ball((across / wide) ** 2 + (along / high) ** 2 + uneven)
    side = rng.choice((-1.0, 1.0))
    across, along = view.turned(x + 0.5 * side * wide, y - 0.5 * high, rng.uniform(-0.4, 0.4))
    base = ball((across / (0.75 * wide)) ** 2 + (along / (0.8 * high)) ** 2)
    return LUNG_LACKS * rng.uniform(20.0, 65.0) * np.maximum(left, rng.uniform(0.4, 0.9) * base)


def diaphragm(view: View, x: float, y: float, rng: np.random.Generator) -> Map:
    """Return the attenuation of liver or spleen under a dome.

    Parameters
    ----------
    view
        Pixels in patient coordinates.
    x
        Distance of the dome's top to the right of the frame's centre, mm.
    y
        Distance of the dome's top below the frame's centre, mm.
    rng
        Source of all draws.
    """
    wide, high = rng.uniform(70.0, 120.0), rng.uniform(50.0, 90.0)
    across, along = view.turned(x, y + high, rng.normal(0.0, 0.15))
    dome = ball((across / wide) ** 2 + (np.minimum(along, 0.0) / high) ** 2)
    return LUNG_LACKS * rng.uniform(18.0, 60.0) * dome


def lung(view: View, rng: np.random.Generator) -> Map:
    """Return the attenuation of the lung's vessels: clouds, and a net of broad faint streaks.

    Parameters
    ----------
    view
        Pixels in patient coordinates.
    rng
        Source of all draws.
    """
    cloud = fractal(view.size, rng, (4, 8, 16, 32, 64), rng.uniform(0.2, 0.6))
    n = int(view.fov / rng.uniform(7.0, 15.0))
    net = np.abs(smooth(rng.standard_normal((n, n)), view.size))
    streaks = np.maximum(1.0 - net / 0.5, 0.0)
    streaks *= np.clip(cloud + 0.5, 0.0, 1.0)
    return rng.uniform(0.02, 0.08) * cloud + rng.uniform(0.02, 0.07) * streaks
