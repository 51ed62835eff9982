"""Gaussian blurs of float32 pictures whose bytes do not depend on the processor.

Each output is a sum in a fixed order, compiled without ``fastmath``; OpenCV rounds by the vector
unit that it finds.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Picture = NDArray[np.float32]

TRUNCATE = 3.0  # standard deviations
COARSE = 4.0  # a wide blur works on cells of a quarter of sigma


def blur(image: Picture, sigma: float) -> Picture:
    """Return ``(H, W)`` float32 blurred by a Gaussian of ``sigma`` px; edges are continued.

    Examples
    --------
    >>> spot = np.zeros((9, 9), np.float32)
    >>> spot[4, 4] = 1
    >>> round(float(blur(spot, 1.0).sum()), 5)
    1.0
    """
    radius = min(math.ceil(TRUNCATE * sigma), min(image.shape) - 1)
    if sigma <= 0 or radius == 0:
        return image
    taps = np.exp(-0.5 * (np.arange(radius + 1) / sigma) ** 2)
    taps = (taps / (2 * taps[1:].sum() + 1)).round(9).astype(np.float32)
    return np.asarray(_separable(image, taps))


def wide_blur(image: Picture, sigma: float) -> Picture:
    """Return ``image`` blurred by a Gaussian of many px: on means of cells, then interpolated."""
    cell = max(int(sigma / COARSE), 1)
    if cell == 1:
        return blur(image, sigma)
    coarse = blur(np.asarray(_means(image, cell)), math.sqrt(sigma**2 - cell**2 / 4) / cell)
    return np.asarray(_spread(coarse, cell, image.shape[0], image.shape[1]))


@njit(cache=True)
def _separable(image, taps):  # type: ignore[no-untyped-def]
    height, width = image.shape
    radius = len(taps) - 1
    out, across = np.empty_like(image), np.empty((height + 2 * radius, width), np.float32)
    row = np.empty(width + 2 * radius, np.float32)
    for y in range(height):
        row[:radius] = image[y, 0]
        row[radius : radius + width] = image[y]
        row[radius + width :] = image[y, width - 1]
        _centre(across[y + radius], row[radius : radius + width], taps[0])
        for k in range(1, radius + 1):
            before, after = row[radius - k : radius - k + width], row[radius + k :]
            _add(across[y + radius], before, after, taps[k])
    for y in range(radius):
        across[y], across[height + radius + y] = across[radius], across[height + radius - 1]
    for y in range(height):
        _centre(out[y], across[y + radius], taps[0])
        for k in range(1, radius + 1):
            _add(out[y], across[y + radius - k], across[y + radius + k], taps[k])
    return out


@njit(cache=True)
def _centre(target, source, tap):  # type: ignore[no-untyped-def]
    for x in range(len(target)):
        target[x] = tap * source[x]


@njit(cache=True)
def _add(target, before, after, tap):  # type: ignore[no-untyped-def]
    for x in range(len(target)):
        target[x] += tap * (before[x] + after[x])


@njit(cache=True)
def _means(image, cell):  # type: ignore[no-untyped-def]
    height, width = image.shape
    out = np.zeros((-(-height // cell), -(-width // cell)), np.float32)
    for j in range(out.shape[0]):
        bottom = min((j + 1) * cell, height)
        for i in range(out.shape[1]):
            right = min((i + 1) * cell, width)
            total = np.float32(0)
            for y in range(j * cell, bottom):
                for x in range(i * cell, right):
                    total += image[y, x]
            out[j, i] = total / np.float32((bottom - j * cell) * (right - i * cell))
    return out


@njit(cache=True)
def _spread(coarse, cell, height, width):  # type: ignore[no-untyped-def]
    """Interpolate between the centres of cells."""
    rows, columns = coarse.shape
    out = np.empty((height, width), np.float32)
    at, share = np.empty(width, np.int32), np.empty(width, np.float32)
    for x in range(width):
        to = min(max((x + 0.5) / cell - 0.5, 0.0), columns - 1.0)
        at[x] = min(int(to), max(columns - 2, 0))
        share[x] = to - at[x]
    line, step = np.empty(columns, np.float32), np.zeros(columns, np.float32)
    for y in range(height):
        to = min(max((y + 0.5) / cell - 0.5, 0.0), rows - 1.0)
        j = min(int(to), max(rows - 2, 0))
        down, k = np.float32(to - j), min(j + 1, rows - 1)
        for i in range(columns):
            line[i] = coarse[j, i] + down * (coarse[k, i] - coarse[j, i])
        for i in range(columns - 1):
            step[i] = line[i + 1] - line[i]
        for x in range(width):
            out[y, x] = line[at[x]] + share[x] * step[at[x]]
    return out
