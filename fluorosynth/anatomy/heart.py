"""Lung, and what stands against it: heart shadow, diaphragm, hilar vessels."""

from __future__ import annotations

import numpy as np

from fluorosynth.anatomy.fields import fractal
from fluorosynth.anatomy.shapes import ball
from fluorosynth.anatomy.tissue import LUNG
from fluorosynth.anatomy.view import Map, View


def heart(view: View, x: float, y: float, rng: np.random.Generator) -> Map:
    """Attenuation of the heart against lung: two overlapping ellipsoids about (x, y) mm."""
    wide, high = rng.uniform(40.0, 60.0), rng.uniform(45.0, 65.0)
    across, along = view.turned(x, y, rng.uniform(-0.7, 0.2))
    left = ball((across / wide) ** 2 + (along / high) ** 2)
    across, along = view.turned(x - 0.4 * wide, y - 0.5 * high, rng.uniform(-0.4, 0.4))
    base = ball((across / (0.75 * wide)) ** 2 + (along / (0.8 * high)) ** 2)
    return LUNG * rng.uniform(30.0, 80.0) * np.maximum(left, 0.8 * base)


def diaphragm(view: View, x: float, y: float, rng: np.random.Generator) -> Map:
    """Attenuation of liver or spleen under a dome whose top is at (x, y) mm."""
    wide, high = rng.uniform(60.0, 100.0), rng.uniform(50.0, 90.0)
    across, along = view.turned(x, y + high, rng.normal(0.0, 0.15))
    dome = ball((across / wide) ** 2 + (np.minimum(along, 0.0) / high) ** 2)
    return LUNG * rng.uniform(40.0, 90.0) * dome


def lung(view: View, rng: np.random.Generator) -> Map:
    """Attenuation of lung vessels seen end on and in layers: cloudy, without thin lines."""
    cells = tuple(2**k for k in range(2, 7))
    cloud = fractal(view.size, rng, cells, rng.uniform(0.2, 0.6))
    return rng.uniform(0.02, 0.08) * (cloud + 0.35 * cloud * np.abs(cloud))
