"""Gaussian blurs of float32 pictures whose bytes do not depend on the processor.

Each output is a sum in a fixed order, compiled without ``fastmath``; OpenCV rounds by the vector
unit that it finds.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fluorosynth.geometry.nonzero_box import box

Picture = NDArray[np.float32]

TRUNCATE = 3.0  # standard deviations
COARSE = 4.0  # a wide blur works on cells of a quarter of sigma


def blur(image: Picture, sigma: float) -> Picture:
    """Return a picture blurred by a Gaussian; edges are continued.

    Parameters
    ----------
    image
        Picture, ``(H, W)`` float32.
    sigma
        Standard deviation, px.

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
    top, bottom, left, right = box(image, radius)
    whole = (bottom - top, right - left) == image.shape
    out = (np.empty if whole else np.zeros)(image.shape, np.float32)
    row = np.empty(right - left + 2 * radius, np.float32)
    _separable(out, row, image, taps, top, bottom, left, right)
    return out


def wide_blur(image: Picture, sigma: float) -> Picture:
    """Return a picture blurred by a Gaussian of many px: on means of cells, then interpolated.

    Parameters
    ----------
    image
        Picture, ``(H, W)`` float32.
    sigma
        Standard deviation, px.
    """
    coarse, cell = coarse_blur(image, sigma)
    return coarse if cell == 1 else interpolated(coarse, cell, image.shape)


def coarse_blur(image: Picture, sigma: float, least: int = 1) -> tuple[Picture, int]:
    """Return a picture blurred by a Gaussian, on cells, and the side of a cell in px.

    Parameters
    ----------
    image
        Picture, ``(H, W)`` float32.
    sigma
        Standard deviation, px.
    least
        Least side of a cell, px, below ``sigma``.
    """
    cell = max(int(sigma / COARSE), least)
    if cell == 1:
        return blur(image, sigma), 1
    means = np.empty([-(-side // cell) for side in image.shape], np.float32)
    _means(means, np.empty(image.shape[1], np.float32), image, cell)
    return blur(means, math.sqrt(sigma**2 - cell**2 / 4) / cell), cell


def interpolated(coarse: Picture, cell: int, shape: tuple[int, int]) -> Picture:
    """Return a picture that is linear between the centres of cells.

    Parameters
    ----------
    coarse
        Values of the cells, ``(h, w)`` float32.
    cell
        Side of a cell, px.
    shape
        Height and width of the picture, px.
    """
    out, fine = np.empty(shape, np.float32), np.empty((len(coarse), shape[1]), np.float32)
    _interpolated(out, fine, coarse, cell)
    return out


def mixed(image: Picture, other: Picture, share: float) -> Picture:
    """Return a weighted mean of two pictures: (1 - share) image + share other.

    Parameters
    ----------
    image
        Picture, ``(H, W)`` float32.
    other
        Picture, ``(H, W)`` float32.
    share
        Weight of the other; a negative one goes away from it.

    Examples
    --------
    >>> one, two = np.full((2, 2), 1.0, np.float32), np.full((2, 2), 3.0, np.float32)
    >>> mixed(one, two, 0.25)[0, 0], mixed(one, two, -1.0)[0, 0]
    (np.float32(1.5), np.float32(-1.0))
    """
    out = np.empty_like(image)
    _mixed(out, image, other, np.float32(share))
    return out


def sharpened(image: Picture, amount: float, sigma: float) -> Picture:
    """Return a picture with unsharp masking: image + amount (image - G * image).

    Parameters
    ----------
    image
        Picture, ``(H, W)`` float32.
    amount
        Weight of the difference; 0: none.
    sigma
        Standard deviation of the Gaussian G, px.

    Examples
    --------
    >>> edge = np.repeat(np.float32([0, 1]), 8)[None].repeat(16, 0)
    >>> bool(np.ptp(sharpened(edge, 1.0, 2.0)) > np.ptp(edge))
    True
    """
    return image if amount == 0 else mixed(image, blur(image, sigma), -amount)


@njit(cache=True)
def _mixed(out, image, other, share):  # type: ignore[no-untyped-def]
    for y in range(image.shape[0]):
        near, far, target = image[y], other[y], out[y]
        for x in range(image.shape[1]):
            target[x] = near[x] + (far[x] - near[x]) * share


@njit(cache=True)
def _separable(out, row, image, taps, top, bottom, left, right):  # type: ignore[no-untyped-def]
    """Convolve down, then across: one row at a time, so that all stays in the nearest cache."""
    height, radius, width = image.shape[0], len(taps) - 1, right - left
    middle = row[radius : radius + width]
    for y in range(top, bottom):
        centre, target = image[y, left:right], out[y, left:right]
        for x in range(width):
            middle[x] = taps[0] * centre[x]
        for k in range(1, radius + 1):
            above, tap = image[max(y - k, 0), left:right], taps[k]
            below = image[min(y + k, height - 1), left:right]
            for x in range(width):
                middle[x] += tap * (above[x] + below[x])
        for x in range(radius):
            row[x], row[radius + width + x] = middle[0], middle[width - 1]
        for x in range(width):
            target[x] = taps[0] * middle[x]
        for k in range(1, radius + 1):
            before, after, tap = row[radius - k :], row[radius + k :], taps[k]
            for x in range(width):
                target[x] += tap * (before[x] + after[x])


@njit(cache=True)
def _means(out, column, image, cell):  # type: ignore[no-untyped-def]
    height, width = image.shape
    for j in range(out.shape[0]):
        bottom = min((j + 1) * cell, height)
        for x in range(width):
            column[x] = image[j * cell, x]
        for y in range(j * cell + 1, bottom):
            row = image[y]
            for x in range(width):
                column[x] += row[x]
        for i in range(out.shape[1]):
            right = min((i + 1) * cell, width)
            total = np.float32(0)
            for x in range(i * cell, right):
                total += column[x]
            out[j, i] = total / np.float32((bottom - j * cell) * (right - i * cell))


@njit(cache=True)
def _interpolated(out, fine, coarse, cell):  # type: ignore[no-untyped-def]
    """Interpolate between the centres of cells: along rows, then between them."""
    (rows, columns), (height, width) = coarse.shape, out.shape
    for x in range(width):
        to = min(max((x + 0.5) / cell - 0.5, 0.0), columns - 1.0)
        i = min(int(to), max(columns - 2, 0))
        share, k = np.float32(to - i), min(i + 1, columns - 1)
        for j in range(rows):
            fine[j, x] = coarse[j, i] + share * (coarse[j, k] - coarse[j, i])
    for y in range(height):
        to = min(max((y + 0.5) / cell - 0.5, 0.0), rows - 1.0)
        j = min(int(to), max(rows - 2, 0))
        share = np.float32(to - j)
        above, below, row = fine[j], fine[min(j + 1, rows - 1)], out[y]
        for x in range(width):
            row[x] = above[x] + share * (below[x] - above[x])
