"""Smooth random fields: small grids of normal numbers, enlarged by splines."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.float64]


def smooth(grid: Map, size: int) -> Map:
    """Enlarge ``(n, n)`` float64 to ``(size, size)`` by uniform cubic B-splines.

    The same picture at every size. Independent unit normal coefficients give a field of standard
    deviation .48 that correlates over about one cell, ``size / (n - 3)`` px; n >= 4.

    Examples
    --------
    >>> smooth(np.eye(4), 8).shape
    (8, 8)
    """
    rows, cols = (_spline(n, size) for n in grid.shape)
    return np.asarray(rows @ np.ascontiguousarray((cols @ grid.T).T))


def fractal(size: int, rng: np.random.Generator, cells: tuple[int, ...], fall: float) -> Map:
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
def _spline(n: int, size: int) -> Any:
    """``(size, n)`` sparse weights of n uniform cubic B-splines at pixel centres."""
    # Sparse, because four weights a row are quick without a threaded matrix library.
    from scipy.sparse import csr_array

    at = (np.arange(size) + 0.5) / size * (n - 3)
    first = np.minimum(at.astype(np.int32), n - 4)
    t = at - first
    weights = np.stack(((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, 3 * t * (1 + t - t**2) + 1, t**3), 1)
    columns = first[:, None] + np.arange(4, dtype=np.int32)
    return csr_array(
        (weights.ravel() / 6, columns.ravel(), np.arange(0, 4 * size + 1, 4)), (size, n)
    )
