"""How far a ray runs inside a tube, averaged exactly over each pixel.

The chord of a tube of radius R at distance x from its centreline is 2 sqrt(R^2 - x^2). A pixel
sees its mean over a unit square, whose shadow along the tube's normal is a trapezoid: the
convolution of two boxes of the normal's components a and b. The mean is therefore a second
difference of the chord's second integral, which is tabled once for R = 1:

    [G(d + p) - G(d + q) - G(d - q) + G(d - p)] / (a b),  p = (a + b) / 2,  q = (a - b) / 2

It holds for tubes far thinner than a pixel. The loops are compiled by numba without ``fastmath``
and the table is rounded: the same bytes on any processor.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

STEPS = 2048  # of the table; its error is below 1e-7 of R^3
NARROW = 0.05  # least side of the pixel's shadow in px: keeps the division by a b exact
AREA = math.pi / 2  # first integral of the unit chord from 0 to 1
NEW_PASS = 2.0  # widths of arc after which a tube that meets a pixel again passes it anew


def _table() -> NDArray[np.float64]:
    t = np.linspace(0.0, 1.0, STEPS + 1)
    root = np.sqrt(1 - t * t)
    second = t * np.arcsin(t) + root - root**3 / 3 - 2 / 3
    return np.append(second, second[-1]).round(12)


_SECOND = _table()


def add_path_length(
    out: NDArray[np.float32],
    centreline: Floats,
    half: Floats,
    inner: Floats,
    factor: float = 1.0,
    overlap: bool = False,
) -> None:
    """Add the mean path of rays through the wall of a tube to a picture.

    Parameters
    ----------
    out
        Picture, ``(H, W)`` float32, C-contiguous, written to.
    centreline
        Points, ``(n, 2)`` float32, ``(x, y)`` in px, n >= 2.
    half
        Radius of the tube at each point, ``(n,)`` float32, px; linear between the points. The ends
        are round.
    inner
        Radius of the lumen at each point, ``(n,)`` float32, px; 0: solid.
    factor
        Factor on the path: an attenuation in 1/px makes the sum one of mu L.
    overlap
        Whether the passes of a tube that crosses itself add up, as they do for rays; else it is one
        union.

    Examples
    --------
    >>> out = np.zeros((9, 9), np.float32)
    >>> line = np.float32([[-5, 4], [14, 4]])
    >>> add_path_length(out, line, np.float32([0.2, 0.2]), np.float32([0, 0]))
    >>> round(float(out[:, 4].sum()), 4) == round(math.pi * 0.2**2, 4)  # its cross-section
    True
    """
    work = np.empty((4 if overlap else 2, out.size), np.float32)
    _add_path_length(out, work, centreline, half, inner, np.float32(factor), overlap, _SECOND)


def longest_paths(
    out: NDArray[np.float32], points: Floats, half: Floats, inner: Floats, ends: NDArray[np.int64]
) -> None:
    """Raise a picture to the longest path through any of many tubes.

    Parameters
    ----------
    out
        Picture, ``(H, W)`` float32, C-contiguous, written to.
    points
        Centrelines one after the other, ``(n, 2)`` float32, ``(x, y)`` in px.
    half
        Radius of the tube at each point, ``(n,)`` float32, px.
    inner
        Radius of the lumen at each point, ``(n,)`` float32, px; 0: solid.
    ends
        Number of points up to the end of each tube, ``(k,)``.
    """
    work = np.empty((2, out.size), np.float32)
    _longest_paths(out, work, points, half, inner, ends, bool(0), _SECOND)


@njit(cache=True)
def _add_path_length(  # type: ignore[no-untyped-def]
    out, work, points, half, inner, factor, overlap, table
):
    sides = _path_length(work, out.shape, points, half, inner, overlap, table)
    top, bottom, left, right = sides
    for y in range(top, bottom + 1):
        path, target = work[0, (y - top) * (right - left + 1) :], out[y, left:]
        for k in range(right - left + 1):
            target[k] += factor * path[k]


@njit(cache=True)
def _longest_paths(  # type: ignore[no-untyped-def]
    out, work, points, half, inner, ends, overlap, table
):
    first = 0
    for end in ends:
        part = points[first:end], half[first:end], inner[first:end]
        sides = _path_length(work, out.shape, part[0], part[1], part[2], overlap, table)
        top, bottom, left, right = sides
        for y in range(top, bottom + 1):
            path, target = work[0, (y - top) * (right - left + 1) :], out[y, left:]
            for k in range(right - left + 1):
                target[k] = max(target[k], path[k])
        first = end


@njit(cache=True)
def _second(t, table):  # type: ignore[no-untyped-def]
    """Second integral of the unit chord at t (even in t)."""
    t = abs(t)
    inside = min(t, 1.0)
    at = inside * STEPS
    i = np.uint32(at)
    return table[i] + (at - i) * (table[i + 1] - table[i]) + AREA * (t - inside)


@njit(cache=True)
def _mean_chord(d, a, b, radius, table):  # type: ignore[no-untyped-def]
    """Mean over a pixel at distance d from the centreline; a, b: the normal's components."""
    p, q = 0.5 * (a + b), 0.5 * (a - b)
    if d >= radius + p or radius < 1e-4:
        return 0.0
    scale = 1.0 / radius
    difference = (
        _second((d + p) * scale, table)
        - _second((d + q) * scale, table)
        - _second((d - q) * scale, table)
        + _second((d - p) * scale, table)
    )
    return max(radius * radius * radius * difference / (a * b), 0.0)


@njit(cache=True)
def _path_length(  # type: ignore[no-untyped-def]
    work, shape, centreline, half, inner, overlap, table
):
    """Return the sides of the tube's box; ``work[0]`` then begins with the path for its pixels.

    ``work`` is scratch for each of the picture's pixels: what a loop allocates is dear to compile.
    """
    height, width = shape
    low_x, high_x = centreline[0, 0], centreline[0, 0]
    low_y, high_y = centreline[0, 1], centreline[0, 1]
    widest = half[0]
    for i in range(1, len(centreline)):
        low_x, high_x = min(low_x, centreline[i, 0]), max(high_x, centreline[i, 0])
        low_y, high_y = min(low_y, centreline[i, 1]), max(high_y, centreline[i, 1])
        widest = max(widest, half[i])
    reach = np.float64(widest) + 0.75
    left = max(int(np.ceil(np.float64(low_x) - reach)), 0)
    right = min(int(np.floor(np.float64(high_x) + reach)), width - 1)
    top = max(int(np.ceil(np.float64(low_y) - reach)), 0)
    bottom = min(int(np.floor(np.float64(high_y) + reach)), height - 1)
    path, nearest = work[0], work[1]
    before, met = work[-2], work[-1]  # only where passes overlap are these others
    across = max(right - left + 1, 0)
    count = max(bottom - top + 1, 0) * across
    for j in range(count):
        path[j], nearest[j] = 0.0, 1e9
    if overlap:
        for j in range(count):
            before[j], met[j] = 0.0, -1e9
    apart = 2.0 * NEW_PASS * np.float64(widest) + 2.0
    arc, final = 0.0, len(centreline) - 2
    for i in range(final + 1):
        ax, ay = np.float64(centreline[i, 0]), np.float64(centreline[i, 1])
        dx, dy = centreline[i + 1, 0] - ax, centreline[i + 1, 1] - ay
        length = max(np.sqrt(dx * dx + dy * dy), 1e-6)
        # Components of the normal, larger first; of points that coincide there are none
        a = max(max(abs(dx), abs(dy)) / length, NARROW)
        b = max(min(abs(dx), abs(dy)) / length, NARROW)
        r, dr = np.float64(half[i]), np.float64(half[i + 1]) - half[i]
        lumen, dl = np.float64(inner[i]), np.float64(inner[i + 1]) - inner[i]
        near, flat = max(r, r + dr) + 0.5 * (a + b), 1.0 / (length * length)
        bx, by = np.float64(centreline[i + 1, 0]), np.float64(centreline[i + 1, 1])
        nx, ny = 0.0, 0.0
        u_low, u_high = -0.01 if i > 0 else -near / length, 1.0 + near / length
        if i < final:
            nx, ny = centreline[i + 2, 0] - bx, centreline[i + 2, 1] - by
            cross, dot = abs(dx * ny - dy * nx), dx * nx + dy * ny
            u_high = 1.01 + near / length * (cross / dot if dot > cross else 1.0)
        # Each row crosses a strip along the segment and one across it
        lean, wide = (dx / dy, near * length / abs(dy)) if abs(dy) > 1e-3 else (0.0, 1e9)
        slope, low, high = 0.0, -1e9, 1e9
        if abs(dx) > 1e-3:
            slope, low, high = dy / dx, u_low / (flat * dx), u_high / (flat * dx)
            low, high = min(low, high), max(low, high)
        for y in range(
            max(int(np.ceil(min(ay, ay + dy) - near)), top),
            min(int(np.floor(max(ay, ay + dy) + near)), bottom) + 1,
        ):
            along, aside = ax + (y - ay) * lean, ax - (y - ay) * slope
            first = max(int(np.ceil(max(along - wide, aside + low))), left)
            last = min(int(np.floor(min(along + wide, aside + high))), right)
            for x in range(first, last + 1):
                u = ((x - ax) * dx + (y - ay) * dy) * flat
                # What lies beyond a joint is the next segment's, but for the wedge outside a bend
                if (u < 0.0 and i > 0) or (u > 1.0 and (x - bx) * nx + (y - by) * ny > 0.0):
                    continue
                u = min(max(u, 0.0), 1.0)
                ex, ey = x - ax - u * dx, y - ay - u * dy
                d2 = ex * ex + ey * ey
                if d2 > near * near:
                    continue
                d, j = np.sqrt(d2), (y - top) * across + x - left
                if overlap:
                    s = arc + u * length
                    if s - met[j] > apart:
                        before[j] += path[j]
                        path[j], nearest[j] = 0.0, 1e9
                    met[j] = s
                if d < nearest[j]:
                    nearest[j] = d
                    chord = _mean_chord(d, a, b, r + u * dr, table)
                    path[j] = chord - _mean_chord(d, a, b, lumen + u * dl, table)
        arc += length
    if overlap:
        for j in range(count):
            path[j] += before[j]
    return top, bottom, left, right
