"""Path lengths of parallel rays through simple bodies, in mm, and soft steps."""

from __future__ import annotations

import numpy as np
from numba import njit

from fluorosynth.anatomy.fields import Map


def ball(r2: Map) -> Map:
    """Return the relative path through an ellipsoid, sqrt(1 - r^2).

    Multiply by the full depth along the ray for mm.

    Parameters
    ----------
    r2
        Square of the distance from the axis, relative to the radius.
    """
    out = np.empty_like(r2, order="C")
    _ball(out.reshape(-1), np.ascontiguousarray(r2).reshape(-1))
    return out


@njit(cache=True)
def _ball(out, r2):  # type: ignore[no-untyped-def]
    for i in range(len(r2)):
        out[i] = np.sqrt(max(1.0 - r2[i], 0.0))


@njit(cache=True)
def tube(d, radius, wall):  # type: ignore[no-untyped-def]
    """Return the path through a hollow cylinder, mm.

    2 [sqrt(R^2 - d^2) - sqrt(r^2 - d^2)], r = R - wall: darkest along the two inner edges.

    Parameters
    ----------
    d
        Distance from the axis, mm.
    radius
        Outer radius R, mm.
    wall
        Thickness of the wall, mm.
    """
    d2, inner = d * d, max(radius - wall, 0.0)
    outer = np.sqrt(np.maximum(radius**2 - d2, 0.0))
    return 2.0 * (outer - np.sqrt(np.maximum(inner**2 - d2, 0.0)))


def shell(r2: Map, wall: float) -> Map:
    """Return the relative path through the wall of an ellipsoid: dark at its rim.

    Parameters
    ----------
    r2
        Square of the distance from the axis, relative to the radius.
    wall
        Thickness of the wall, relative to the radius.
    """
    return ball(r2) - (1 - wall) * ball(r2 / (1 - wall) ** 2)


def step(d: Map, width: float) -> Map:
    """Rise smoothly from 0 to 1 across a border.

    Parameters
    ----------
    d
        Distance beyond the border, in the units of the width.
    width
        Width of the rise: 0 at ``-width / 2``, 1 at ``width / 2``.
    """
    out = np.empty_like(d, order="C")
    _step(out.reshape(-1), np.ascontiguousarray(d).reshape(-1), width)
    return out


@njit(cache=True)
def _step(out, d, width):  # type: ignore[no-untyped-def]
    for i in range(len(d)):
        t = min(max(d[i] / width + 0.5, 0.0), 1.0)
        out[i] = t * t * (3.0 - 2.0 * t)
