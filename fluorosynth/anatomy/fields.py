"""Smooth random fields: small grids of normal numbers, enlarged by splines."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

Map = NDArray[np.float64]


def smooth(grid: Map, size: int) -> Map:
    """Enlarge a grid to a picture by uniform cubic B-splines.

    The same picture at every size. Independent unit normal coefficients give a field of standard
    deviation .48 that correlates over about one cell, ``size / (n - 3)`` px.

    Parameters
    ----------
    grid
        Coefficients, ``(n, n)`` float64, n >= 4.
    size
        Side of the picture, px.

    Examples
    --------
    >>> smooth(np.eye(4), 8).shape
    (8, 8)
    """
    picture = np.empty((size, size))
    _enlarge(picture, np.empty((len(grid), size)), grid, *_spline(len(grid), size), False)
    return picture


@njit(cache=True)
def _enlarge(out, across, grid, first, weights, add):  # type: ignore[no-untyped-def]
    """Write or add the spline: along rows into ``across``, then down, row by row."""
    n, size = across.shape
    for j in range(n):
        for x in range(size):
            at = first[x]
            total = weights[0, x] * grid[j, at] + weights[1, x] * grid[j, at + 1]
            total += weights[2, x] * grid[j, at + 2]
            across[j, x] = total + weights[3, x] * grid[j, at + 3]
    for y in range(size):
        at, target = first[y], out[y]
        a, b, c, d = weights[0, y], weights[1, y], weights[2, y], weights[3, y]
        one, two, three, four = across[at], across[at + 1], across[at + 2], across[at + 3]
        if add:
            for x in range(size):
                target[x] += a * one[x] + b * two[x] + c * three[x] + d * four[x]
        else:
            for x in range(size):
                target[x] = a * one[x] + b * two[x] + c * three[x] + d * four[x]


def fractal(size: int, rng: np.random.Generator, cells: tuple[int, ...], fall: float) -> Map:
    """Sum octaves of smooth noise.

    The sum has about zero mean and unit standard deviation.

    Parameters
    ----------
    size
        Side of the picture, px.
    rng
        Source of all draws.
    cells
        Number of cells across of each octave.
    fall
        Exponent of the amplitudes: an octave of n cells has ``n ** -fall``. 1 gives a power
        spectrum that falls like f^-4, 0 like f^-2.
    """
    amplitude = np.array([float(n) for n in cells]) ** -fall
    # A uniform cubic B-spline keeps about .23 of the variance of independent coefficients.
    amplitude /= np.sqrt(0.23 * (amplitude**2).sum())
    total = np.zeros((size, size))
    for n, a in zip(cells, amplitude, strict=True):
        grid = a * rng.standard_normal((n + 3, n + 3))
        _enlarge(total, np.empty((n + 3, size)), grid, *_spline(n + 3, size), True)
    return total


@lru_cache(maxsize=64)
def _spline(n: int, size: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the first of the four cells that each of ``size`` pixels sums, and their weights.

    The weights, ``(4, size)``, are those of n uniform cubic B-splines at pixel centres.
    """
    at = (np.arange(size) + 0.5) / size * (n - 3)
    first = np.minimum(at.astype(np.intp), n - 4)
    t = at - first
    weights = np.stack(((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, 3 * t * (1 + t - t**2) + 1, t**3))
    return first, weights / 6
