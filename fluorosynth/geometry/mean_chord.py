"""The mean path of rays through a tube over each pixel, many pixels at a time.

The chord of a tube of radius R at distance x from its centreline is 2 sqrt(R^2 - x^2). A pixel
sees its mean over a unit square, whose shadow along the tube's normal is a trapezoid: the
convolution of two boxes of the normal's components a and b. The mean is therefore a second
difference of the chord's second integral, which is tabled once for R = 1:

    [G(d + p) - G(d + q) - G(d - q) + G(d - p)] / (a b),  p = (a + b) / 2,  q = (a - b) / 2

It holds for tubes far thinner than a pixel. The loops are compiled by numba without ``fastmath``
and the table is rounded: the same bytes on any processor. Pixels are taken in batches, since a
processor's vector unit then does all but the look-up.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

STEPS = 2048  # of the table; its error is below 1e-7 of R^3
AREA = math.pi / 2  # first integral of the unit chord from 0 to 1
THINNEST = 1e-4  # px: a radius below it is none

BATCH = 256  # pixels
# Where in a batch's values, one kind after the other, those of a pixel begin
DISTANCE, FIRST, SECOND, RADIUS, LUMEN, TABLED = (k * BATCH for k in range(6))
PIXEL = 4 * BATCH  # of its whole numbers, after the four places in the table


def _table() -> NDArray[np.float64]:
    t = np.linspace(0.0, 1.0, STEPS + 1)
    root = np.sqrt(1 - t * t)
    second = t * np.arcsin(t) + root - root**3 / 3 - 2 / 3
    return np.append(second, second[-1]).round(12)


INTEGRAL = _table()


def batch() -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Return room for the values of a batch's pixels and for their whole numbers.

    Values are the distance from the centreline, both components of the normal, the radius and that
    of the lumen, then four for ``settle`` itself; whole numbers are four of its own, then the
    number of the pixel.
    """
    return np.empty(9 * BATCH), np.empty(5 * BATCH, np.int32)


@njit(cache=True, error_model="numpy")  # what divides is above 0
def settle(path, values, numbers, count, hollow, table):  # type: ignore[no-untyped-def]
    """Set the paths of a batch's pixels; one that is in it twice gets its last.

    Parameters
    ----------
    path
        Path of each pixel, px, written to.
    values
        Values of the batch, see ``batch``.
    numbers
        Whole numbers of the batch.
    count
        Number of pixels in it.
    hollow
        Whether any lumen has a radius above 0.
    table
        Second integral of the unit chord, ``INTEGRAL``.
    """
    for again in range(1 + hollow):  # one call, or it would be compiled twice
        if again:
            for k in range(count):
                values[RADIUS + k], values[LUMEN + k] = values[LUMEN + k], values[RADIUS + k]
        _mean_chords(values, numbers, count, table)
    for k in range(count):
        wall = values[LUMEN + k] - values[RADIUS + k] if hollow else values[RADIUS + k]
        path[numbers[PIXEL + k]] = wall


@njit(cache=True, error_model="numpy")
def _mean_chords(values, numbers, count, table):  # type: ignore[no-untyped-def]
    """Put mean chords in the place of radii.

    All places are known when this is compiled: else LLVM would not dare to take vectors.
    """
    for k in range(count):
        d, a, b = values[k], values[FIRST + k], values[SECOND + k]
        p, q, scale = 0.5 * (a + b), 0.5 * (a - b), 1.0 / max(values[RADIUS + k], THINNEST)
        t0, t1 = _in_table(d + p, scale)[0], _in_table(d + q, scale)[0]
        t2, t3 = _in_table(d - q, scale)[0], _in_table(d - p, scale)[0]
        i0, i1, i2, i3 = np.int32(t0), np.int32(t1), np.int32(t2), np.int32(t3)
        numbers[k], numbers[BATCH + k] = i0, i1
        numbers[2 * BATCH + k], numbers[3 * BATCH + k] = i2, i3
        values[TABLED + k], values[TABLED + BATCH + k] = t0 - i0, t1 - i1
        values[TABLED + 2 * BATCH + k], values[TABLED + 3 * BATCH + k] = t2 - i2, t3 - i3
    for first in range(0, 4 * BATCH, BATCH):
        for k in range(first, first + count):
            i, share = np.uint32(numbers[k]), values[TABLED + k]
            values[TABLED + k] = table[i] + share * (table[i + np.uint32(1)] - table[i])
    for k in range(count):
        d, a, b, radius = values[k], values[FIRST + k], values[SECOND + k], values[RADIUS + k]
        p, q, scale = 0.5 * (a + b), 0.5 * (a - b), 1.0 / max(radius, THINNEST)
        difference = values[TABLED + k] + AREA * _in_table(d + p, scale)[1]
        difference -= values[TABLED + BATCH + k] + AREA * _in_table(d + q, scale)[1]
        difference -= values[TABLED + 2 * BATCH + k] + AREA * _in_table(d - q, scale)[1]
        difference += values[TABLED + 3 * BATCH + k] + AREA * _in_table(d - p, scale)[1]
        chord = max(radius * radius * radius * difference / (a * b), 0.0)
        values[RADIUS + k] = 0.0 if d >= radius + p or radius < THINNEST else chord


@njit(cache=True)
def _in_table(x, scale):  # type: ignore[no-untyped-def]
    """Return where the second integral at x is tabled, and how far beyond the unit chord x lies."""
    t = abs(x * scale)
    inside = min(t, 1.0)
    return inside * STEPS, t - inside
