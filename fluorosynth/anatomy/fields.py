"""Smooth random fields: small grids of normal numbers, enlarged by splines."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


def smooth(grid: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Enlarge ``(n, n)`` to ``(size, size)`` by uniform cubic B-splines.

    Two matrix products: exact at any size, and the same picture at every size.
    """
    rows, cols = (_spline(n, size) for n in grid.shape)
    return rows @ grid @ cols.T


def fractal(
    size: int, rng: np.random.Generator, cells: tuple[int, ...], fall: float
) -> NDArray[np.float64]:
    """Sum octaves of smooth noise; an octave of n cells across has amplitude ``n ** -fall``.

    The sum has about zero mean and unit standard deviation. ``fall`` 1 gives a power spectrum
    that falls like f^-4, ``fall`` 0 like f^-2.
    """
    amplitude = np.array([float(n) for n in cells]) ** -fall
    # A uniform cubic B-spline keeps about .23 of the variance of independent coefficients.
    amplitude /= np.sqrt(0.23 * (amplitude**2).sum())
    total = np.zeros((size, size))
    for n, a in zip(cells, amplitude, strict=True):
        total += smooth(a * rng.standard_normal((n + 3, n + 3)), size)
    return total


@lru_cache(maxsize=64)
def _spline(n: int, size: int) -> NDArray[np.float64]:
    """``(size, n)`` weights of n uniform cubic B-splines at pixel centres; rows sum to 1."""
    if n < 4:
        return np.full((size, n), 1.0 / n)
    at = (np.arange(size) + 0.5) / size * (n - 3)
    first = np.minimum(at.astype(int), n - 4)
    t = at - first
    weights = np.zeros((size, n))
    basis = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3)
    for i, b in enumerate(basis):
        weights[np.arange(size), first + i] = b / 6
    weights.setflags(write=False)
    return weights
