"""How far a ray runs inside a tube, averaged exactly over each pixel.

Each pixel belongs to the segment of the tube's centreline that is nearest; ``mean_chord`` says what
it sees of a straight tube there. The loops are compiled by numba without ``fastmath``: the same
bytes on any processor.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fluorosynth.geometry.mean_chord import (
    BATCH,
    FIRST,
    INTEGRAL,
    LUMEN,
    PIXEL,
    RADIUS,
    SECOND,
    batch,
    settle,
)

Floats = NDArray[np.floating[Any]]

NARROW = 0.05  # least side of the pixel's shadow in px: keeps the division by a b exact
REACH = 0.75  # px beyond its radius that a tube reaches: half a pixel's shadow, and a little
NEW_PASS = 2.0  # widths of arc after which a tube that meets a pixel again passes it anew
UNMET = -1e9  # arc of a pixel that no pass has met


def add_path_length(
    out: NDArray[np.float32],
    centreline: Floats,
    half: Floats,
    inner: Floats,
    factor: float = 1.0,
    overlap: bool = False,
    ends: NDArray[np.int64] | None = None,
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
    ends
        Number of points up to the end of each of several tubes, ``(k,)``, which add up; None: it is
        one.

    Examples
    --------
    >>> import math
    >>> out = np.zeros((9, 9), np.float32)
    >>> line = np.float32([[-5, 4], [14, 4]])
    >>> add_path_length(out, line, np.float32([0.2, 0.2]), np.float32([0, 0]))
    >>> round(float(out[:, 4].sum()), 4) == round(math.pi * 0.2**2, 4)  # its cross-section
    True
    """
    scratch = _scratch(4 if overlap else 2, out.shape)
    ends = np.array([len(centreline)]) if ends is None else ends
    weight = np.float32(factor)
    _draw(out, scratch, centreline, half, inner, ends, weight, overlap, False, INTEGRAL)


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
    scratch = _scratch(2, out.shape)
    _draw(out, scratch, points, half, inner, ends, np.float32(1), False, True, INTEGRAL)


def _scratch(count: int, shape: tuple[int, int]) -> tuple[NDArray[Any], ...]:
    """Return room for ``count`` values of each pixel, for each row's span, and for a batch.

    What a loop allocates itself is dear to compile. Of the values only as many are touched as a
    tube's spans have pixels.
    """
    height, width = shape
    values = np.empty((count, height * width), np.float32)
    return values, np.empty((3, height), np.int64), *batch()


@njit(cache=True, error_model="numpy")  # what divides is above 0
def _draw(  # type: ignore[no-untyped-def]
    out, scratch, points, half, inner, ends, factor, overlap, longest, table
):
    """Draw many tubes, one after the other: by their longest path, or by ``factor`` times the sum.

    One loop for both is compiled once.
    """
    (work, spans, _, _), first = scratch, 0
    for end in ends:
        line, radii, lumens = points[first:end], half[first:end], inner[first:end]
        top, bottom = _path_length(scratch, out.shape, line, radii, lumens, overlap, table)
        for y in range(top, bottom):
            left, right, start = spans[0, y], spans[1, y], spans[2, y]
            path, target = work[0, start:], out[y, left:]
            if longest:
                for k in range(right - left):
                    target[k] = max(target[k], path[k])
            else:
                for k in range(right - left):
                    target[k] += factor * path[k]
        first = end


@njit(cache=True, error_model="numpy")  # what divides is above 0
def _spans(spans, shape, centreline, half):  # type: ignore[no-untyped-def]
    """Fill in which columns of each row a tube may reach.

    A row of ``spans`` holds the first columns, the next the ones after the last, and the third how
    many pixels the spans of the rows above have together. Returned are the tube's first row, the
    one after its last, and the number of pixels.
    """
    height, width = shape
    top, bottom = height, 0
    for i in range(len(centreline)):
        at, reach = np.float64(centreline[i, 1]), np.float64(half[i]) + REACH
        top, bottom = min(top, int(np.ceil(at - reach))), max(bottom, int(np.floor(at + reach)) + 1)
    top, bottom = max(top, 0), min(bottom, height)
    for y in range(top, bottom):
        spans[0, y], spans[1, y] = width, 0
    for i in range(len(centreline) - 1):
        reach = max(np.float64(half[i]), np.float64(half[i + 1])) + REACH
        ax, bx = np.float64(centreline[i, 0]), np.float64(centreline[i + 1, 0])
        ay, by = np.float64(centreline[i, 1]), np.float64(centreline[i + 1, 1])
        left = max(int(np.ceil(min(ax, bx) - reach)), 0)
        right = min(int(np.floor(max(ax, bx) + reach)) + 1, width)
        first = max(int(np.ceil(min(ay, by) - reach)), top)
        last = min(int(np.floor(max(ay, by) + reach)) + 1, bottom)
        if left < right:
            for y in range(first, last):
                spans[0, y], spans[1, y] = min(spans[0, y], left), max(spans[1, y], right)
    count = 0
    for y in range(top, bottom):
        spans[0, y] = min(spans[0, y], spans[1, y])
        spans[2, y] = count
        count += spans[1, y] - spans[0, y]
    return top, bottom, count


@njit(cache=True, error_model="numpy")  # what divides is above 0
def _path_length(  # type: ignore[no-untyped-def]
    scratch, shape, centreline, half, inner, overlap, table
):
    """Return a tube's first row and the one after; its path is in the first row of ``scratch``.

    The spans of the rows, see ``_spans``, lie there one after the other.
    """
    work, spans, values, numbers = scratch
    top, bottom, count = _spans(spans, shape, centreline, half)
    path, nearest = work[0], work[1]
    before, met = work[-2], work[-1]  # only where passes overlap are these others
    for j in range(count):
        path[j], nearest[j] = 0.0, 1e9
    if overlap:
        for j in range(count):
            before[j], met[j] = 0.0, UNMET
    widest, widest_lumen = half[0], inner[0]
    for i in range(1, len(half)):
        widest, widest_lumen = max(widest, half[i]), max(widest_lumen, inner[i])
    waiting, hollow = 0, widest_lumen > 0
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
            min(int(np.floor(max(ay, ay + dy) + near)) + 1, bottom),
        ):
            left, right, start = spans[0, y], spans[1, y], spans[2, y]
            along, aside = ax + (y - ay) * lean, ax - (y - ay) * slope
            first = max(int(np.ceil(max(along - wide, aside + low))), left)
            last = min(int(np.floor(min(along + wide, aside + high))), right - 1)
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
                d, j, s = np.sqrt(d2), start + x - left, arc + u * length
                anew = overlap and met[j] != UNMET and s - met[j] > apart
                if anew or waiting == BATCH:
                    settle(path, values, numbers, waiting, hollow, table)
                    waiting = 0
                if anew:
                    before[j] += path[j]
                    path[j], nearest[j] = 0.0, 1e9
                if overlap:
                    met[j] = s
                if d < nearest[j]:
                    nearest[j] = d
                    k, waiting = waiting, waiting + 1
                    numbers[PIXEL + k], values[k] = j, d
                    values[FIRST + k], values[SECOND + k] = a, b
                    values[RADIUS + k], values[LUMEN + k] = r + u * dr, lumen + u * dl
        arc += length
    settle(path, values, numbers, waiting, hollow, table)
    if overlap:
        for j in range(count):
            path[j] += before[j]
    return top, bottom
