"""Curves as evenly spaced points: resampled, smoothed by a B-spline, prolonged, slid along."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fluorosynth.geometry.arc_length import arc_length

Array = NDArray[np.float64]


def at_arc(points: Array, marks: NDArray[np.floating]) -> Array:
    """Return places along a curve; beyond its ends it runs straight.

    Cubic between the points (Catmull and Rom, 1974): a curve that is resampled time and again must
    not be cut at its bends.

    Parameters
    ----------
    points
        Points, ``(n, 2)``.
    marks
        Arc lengths of the places, px.
    """
    found: Array = _at_arc(points, arc_length(points), np.asarray(marks, np.float64))
    last = arc_length(points)[-1]
    for out, (near, far) in ((marks < 0, (0, 1)), (marks > last, (-1, -2))):
        if out.any():
            beyond = np.where(marks < 0, -marks, marks - last)[out]
            found[out] = points[near] + beyond[:, None] * heading(points, near, far)
    return found


@njit(cache=True)
def _at_arc(points, arc, marks):  # type: ignore[no-untyped-def]
    n = len(points)
    slope = np.empty((n, 2))
    for i in range(n):
        a, b = max(i - 1, 0), min(i + 1, n - 1)
        span = max(arc[b] - arc[a], 1e-12)
        slope[i, 0] = (points[b, 0] - points[a, 0]) / span
        slope[i, 1] = (points[b, 1] - points[a, 1]) / span
    found = np.empty((len(marks), 2))
    i = 0
    for k in range(len(marks)):
        mark = min(max(marks[k], 0.0), arc[-1])
        if arc[i] > mark:
            i = 0
        while i < n - 2 and arc[i + 1] < mark:
            i += 1
        span = max(arc[i + 1] - arc[i], 1e-12)
        u = (mark - arc[i]) / span
        h1, h2 = (1 + 2 * u) * (1 - u) ** 2, u * u * (3 - 2 * u)
        g1, g2 = u * (1 - u) ** 2 * span, u * u * (u - 1) * span
        for c in range(2):
            ends = h1 * points[i, c] + h2 * points[i + 1, c]
            found[k, c] = ends + g1 * slope[i, c] + g2 * slope[i + 1, c]
    return found


def heading(points: Array, near: int, far: int) -> Array:
    """Return the unit vector out of an end, over a few points.

    Parameters
    ----------
    points
        Points, ``(n, 2)``.
    near
        Index of the end, 0 or -1.
    far
        Index of the other end, which says from where the vector comes.
    """
    back = min(6, len(points) - 1) * (1 if far > near else -1)
    out = points[near] - points[near + back]
    return np.asarray(out / max(float(np.linalg.norm(out)), 1e-9))


def evenly(points: Array, spacing: float) -> Array:
    """Return a polyline's points at equal distances, both ends kept.

    Parameters
    ----------
    points
        Points, ``(n, 2)``.
    spacing
        Distance of the points, about, px.
    """
    length = arc_length(points)[-1]
    count = max(round(length / spacing), 1)
    return at_arc(points, np.linspace(0, length, count + 1))


def normals(points: Array) -> Array:
    """Return unit normals ``(n, 2)``, a quarter turn from the heading.

    Parameters
    ----------
    points
        Points, ``(n, 2)``.
    """
    tangent = np.gradient(points, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    return np.column_stack([-tangent[:, 1], tangent[:, 0]])


def b_spline(points: Array, knot_spacing: float, spacing: float) -> Array:
    """Fit a cubic B-spline by least squares and return its points at equal distances.

    Parameters
    ----------
    points
        Points, ``(n, 2)``, n >= 2.
    knot_spacing
        Distance of its knots, px.
    spacing
        Distance of the points that are returned, px.
    """
    from scipy.interpolate import make_lsq_spline

    arc = arc_length(points)
    last = len(points) - 1
    parts = min(max(round(arc[-1] / knot_spacing), 1), last // 3)
    if parts < 1 or np.any(np.diff(arc) <= 0):
        return evenly(points, spacing)
    inner = arc[np.rint(np.linspace(0, last, parts + 1)).astype(int)[1:-1]]  # points between all
    knots = np.concatenate([[0.0] * 4, inner, [arc[-1]] * 4])
    spline = make_lsq_spline(arc, points, knots)
    return evenly(spline(np.linspace(0, arc[-1], 2 * len(points))), spacing)


def slid(points: Array, by: float, end: float, spacing: float) -> Array:
    """Return a curve advanced along its own path (negative: drawn back) with a stiff end.

    Parameters
    ----------
    points
        Points, ``(n, 2)``, at equal distances ``spacing``.
    by
        Distance, px.
    end
        Length of the end that keeps its shape and is carried by the heading of the rest, px.
    spacing
        Distance of the points, px.
    """
    count = max(len(points) - round(end / spacing), 1)  # of the points that follow the path
    marks = np.arange(count) * spacing + by
    path = at_arc(points, marks)
    if count == len(points):
        return path
    base = min(count - 1, len(points) - 2)
    before = np.arctan2(*(points[base + 1] - points[base])[::-1])
    ahead = at_arc(points, np.array([marks[-1], marks[-1] + spacing]))
    turn = np.arctan2(*(ahead[1] - ahead[0])[::-1]) - before
    cos, sin = np.cos(turn), np.sin(turn)
    tail = (points[count:] - points[count - 1]) @ np.array([[cos, sin], [-sin, cos]])
    return np.concatenate([path, path[-1] + tail])


def inside(points: Array, shape: tuple[int, int], margin: float = 0.0) -> NDArray[np.bool_]:
    """Return which points lie in the picture, away from its border.

    Parameters
    ----------
    points
        Points, ``(n, 2)``.
    shape
        Height and width of the picture, px.
    margin
        Distance from the border, px.
    """
    low, high = -0.5 + margin, np.array(shape[::-1]) - 0.5 - margin
    return np.asarray(np.all((points >= low) & (points <= high), axis=1))


def distance(one: Array, two: Array) -> float:
    """Return the mean distance of either curve's points to the other, px.

    Parameters
    ----------
    one
        Points, ``(n, 2)``.
    two
        Points, ``(m, 2)``.
    """
    from scipy.spatial import cKDTree

    there, back = cKDTree(one).query(two)[0], cKDTree(two).query(one)[0]
    return float(there.mean() + back.mean()) / 2
