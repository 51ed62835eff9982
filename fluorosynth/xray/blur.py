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


def blur(image: Picture, sigma: float, share: float = 1.0) -> Picture:
    """Return a picture blurred by a Gaussian, or its weighted mean with that; edges are continued.

    Parameters
    ----------
    image
        Picture, ``(H, W)`` float32.
    sigma
        Standard deviation of the Gaussian G, px.
    share
        Weight of the blurred picture in ``image + share (G * image - image)``.

    Examples
    --------
    >>> spot = np.zeros((9, 9), np.float32)
    >>> spot[4, 4] = 1
    >>> round(float(blur(spot, 1.0).sum()), 5)
    1.0
    """
    radius = min(math.ceil(TRUNCATE * sigma), min(image.shape) - 1)
    if sigma <= 0 or radius == 0 or share == 0:
        return image
    taps = np.zeros(1 + 2 * -(-radius // 2), np.float32)
    _gaussian(taps[: radius + 1], sigma)
    top, bottom, left, right = box(image, radius)
    whole = (bottom - top, right - left) == image.shape
    out = (np.empty if whole else np.zeros)(image.shape, np.float32)
    row = np.empty(right - left + 2 * (len(taps) - 1), np.float32)
    _separable(out, row, image, taps, np.float32(share), top, bottom, left, right)
    return out


def wide_blur(image: Picture, sigma: float, share: float = 1.0) -> Picture:
    """Return what ``blur`` does for a Gaussian of many px: on means of cells, then interpolated.

    Parameters
    ----------
    image
        Picture, ``(H, W)`` float32.
    sigma
        Standard deviation of the Gaussian G, px.
    share
        Weight of the blurred picture, as in ``blur``.

    Examples
    --------
    >>> flat = np.full((64, 64), 0.5, np.float32)
    >>> bool(np.allclose(wide_blur(flat, 20.0, share=0.3), 0.5))
    True
    """
    if sigma < 2 * COARSE or share == 0:
        return blur(image, sigma, share)
    return interpolated(*coarse_blur(image, sigma), image.shape, image, share)


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


def interpolated(
    coarse: Picture,
    cell: int,
    shape: tuple[int, int],
    image: Picture | None = None,
    share: float = 1.0,
) -> Picture:
    """Return a picture that is linear between the centres of cells, or its weighted mean with one.

    Parameters
    ----------
    coarse
        Values of the cells, ``(h, w)`` float32.
    cell
        Side of a cell, px.
    shape
        Height and width of the picture, px.
    image
        Picture to take a mean with, ``(H, W)`` float32; None: none.
    share
        Weight of the interpolated picture in that mean.
    """
    out, rows = np.empty(shape, np.float32), np.empty((3, shape[1]), np.float32)
    places = np.empty(shape[1], np.uint32)
    image = out if image is None else image
    _interpolated(out, rows, rows[2], places, coarse, cell, image, np.float32(share))
    return out


@njit(cache=True)
def _gaussian(taps, sigma):  # type: ignore[no-untyped-def]
    """Fill in one half of a Gaussian of sum 1, rounded past what processors differ in."""
    total = 0.0
    for k in range(1, len(taps)):
        total += math.exp(-0.5 * (k / sigma) ** 2)
    for k in range(len(taps)):
        share = math.exp(-0.5 * (k / sigma) ** 2) / (2 * total + 1)
        taps[k] = np.rint(share * 1e9) / 1e9


@njit(cache=True)
def _separable(  # type: ignore[no-untyped-def]
    out, row, image, taps, share, top, bottom, left, right
):
    """Convolve down, then across: one row at a time, so that all stays in the nearest cache.

    Taps are taken by twos, the last one 0 if need be: fewer loads and stores of what is summed.
    """
    last, radius, width = image.shape[0] - 1, len(taps) - 1, right - left
    middle = row[radius : radius + width]
    for y in range(top, bottom):
        centre, target = image[y, left:right], out[y, left:right]
        for x in range(width):
            middle[x] = taps[0] * centre[x]
        for k in range(1, radius, 2):
            near, far = taps[k], taps[k + 1]
            a1, b1 = image[max(y - k, 0), left:right], image[min(y + k, last), left:right]
            a2, b2 = image[max(y - k - 1, 0), left:right], image[min(y + k + 1, last), left:right]
            for x in range(width):
                middle[x] = middle[x] + near * (a1[x] + b1[x]) + far * (a2[x] + b2[x])
        for x in range(radius):
            row[x], row[radius + width + x] = middle[0], middle[width - 1]
        for x in range(width):
            target[x] = taps[0] * middle[x]
        for k in range(1, radius, 2):
            near, far = taps[k], taps[k + 1]
            before, after = row[radius - k - 1 :], row[radius + k :]
            for x in range(width):
                value = target[x] + near * (before[x + 1] + after[x])
                target[x] = value + far * (before[x] + after[x + 1])
        if share != 1:
            for x in range(width):
                target[x] = centre[x] + (target[x] - centre[x]) * share


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
def _interpolated(  # type: ignore[no-untyped-def]
    out, rows, across, left, coarse, cell, image, share
):
    """Interpolate between the centres of cells: two rows of cells across, then between them."""
    (height, width), last, made = out.shape, len(coarse) - 1, -1
    for x in range(width):
        to = min(max((x + 0.5) / cell - 0.5, 0.0), coarse.shape[1] - 1.0)
        left[x] = min(int(to), max(coarse.shape[1] - 2, 0))
        across[x] = np.float32(to - left[x])
    step = min(1, coarse.shape[1] - 1)
    for y in range(height):
        to = min(max((y + 0.5) / cell - 0.5, 0.0), last + 0.0)
        j = min(int(to), max(last - 1, 0))
        while made < min(j + 1, last):  # each row of cells once, in turn in one of the two
            made += 1
            cells, fine = coarse[made], rows[made % 2]
            for x in range(width):
                fine[x] = cells[left[x]] + across[x] * (cells[left[x] + step] - cells[left[x]])
        down, row = np.float32(to - j), out[y]
        above, below = rows[j % 2], rows[min(j + 1, last) % 2]
        for x in range(width):
            row[x] = above[x] + down * (below[x] - above[x])
        if share != 1:
            near = image[y]
            for x in range(width):
                row[x] = near[x] + (row[x] - near[x]) * share
