"""A contrast-filled arterial tree: off by default, as it is thin and dark like a catheter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fluorosynth.anatomy.fields import Map
from fluorosynth.anatomy.view import View

STEP = 2.5  # mm between the points of a vessel


def tree(view: View, rng: np.random.Generator) -> Map:
    """Return the attenuation of a coronary-like tree filled with diluted iodine.

    Parameters
    ----------
    view
        Pixels in patient coordinates.
    rng
        Source of all draws.
    """
    path = np.zeros_like(view.x)
    start = rng.uniform(-0.4, 0.4, 2) * view.fov
    heading = np.arctan2(-start[1], -start[0]) + rng.normal(0.0, 0.7)
    open_ends = [(start, heading, rng.uniform(1.2, 2.0), 0)]
    while open_ends:
        place, heading, radius, order = open_ends.pop()
        points, headings = walk(place, heading, int(rng.integers(12, 30)), rng)
        radii = radius * np.linspace(1.0, 0.6, len(points))
        _fill(path, view, points, radii)
        for k in rng.integers(2, len(points), 3 - order):
            side = rng.choice((-1.0, 1.0)) * rng.uniform(0.4, 1.1)
            open_ends.append((points[k], headings[k] + side, 0.7 * radii[k], order + 1))
    return rng.uniform(0.1, 0.3) * path


def walk(
    start: NDArray[np.float64], heading: float, n: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points ``(n, 2)`` of a winding vessel, ``STEP`` mm apart, and its headings there.

    Parameters
    ----------
    start
        First point, ``(2,)``, mm.
    heading
        Direction at the start, radians.
    n
        Number of points.
    rng
        Source of all draws.
    """
    headings = heading + np.cumsum(rng.normal(0.0, 0.22, n))
    steps = STEP * np.stack((np.cos(headings), np.sin(headings)), 1)
    return start + np.cumsum(steps, 0) - steps[0], headings


def _fill(path: Map, view: View, points: NDArray[np.float64], radii: NDArray[np.float64]) -> None:
    """Raise ``path`` (mm) to that through round segments; joints are not counted twice."""
    for a, b, radius in zip(points[:-1], points[1:], radii, strict=False):
        x, y = (a + b) / 2
        part, where = view.around(x, y, STEP / 2 + radius)
        dx, dy = part.x - a[0], part.y - a[1]
        t = np.clip((dx * (b - a)[0] + dy * (b - a)[1]) / STEP**2, 0.0, 1.0)
        d2 = (dx - t * (b - a)[0]) ** 2 + (dy - t * (b - a)[1]) ** 2
        path[where] = np.maximum(path[where], 2 * np.sqrt(np.maximum(radius**2 - d2, 0.0)))
