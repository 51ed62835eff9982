"""The affine resampling of OpenCV where it has fused multiply-add, bit for bit, on any processor.

OpenCV computes where a pixel comes from, and what it becomes, with one rounding for ``a * b + c``
where the processor can (AVX2) and with two where it cannot: one pixel in some thousand differs by
a grey level. Here the product is exact in float64, so there is one rounding everywhere.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from fluorosynth.sample import Image

_AVX2 = 11  # its number in OpenCV; Python has no name for it
_BORDERS = {cv2.BORDER_CONSTANT: 0, cv2.BORDER_REPLICATE: 1, cv2.BORDER_REFLECT_101: 2}


def warp_affine(image: Image, matrix: NDArray[np.float64], size: Any, border: int) -> Image:
    """Return what ``cv2.warpAffine`` makes of a picture, bilinear, on a processor with AVX2.

    Parameters
    ----------
    image
        Picture, ``(H, W)`` uint8.
    matrix
        Matrix from its pixels to those of the answer, ``(2, 3)``.
    size
        Width, a multiple of 64, and height of the answer, px.
    border
        Number of OpenCV's border: constant, replicate or reflect 101.

    Examples
    --------
    >>> shift = np.array([[1.0, 0, 0.5], [0, 1, 0]])
    >>> warp_affine(np.uint8([[0, 2, 4]]), shift, (64, 1), cv2.BORDER_CONSTANT)[0, :4].tolist()
    [0, 1, 3, 2]
    """
    if cv2.checkHardwareSupport(_AVX2):
        return np.asarray(cv2.warpAffine(image, matrix, size, borderMode=border))
    return exact_warp_affine(image, matrix, size, border)


def exact_warp_affine(image: Image, matrix: NDArray[np.float64], size: Any, border: int) -> Image:
    """Return the same by arithmetic that no processor changes; some ten times slower.

    Parameters
    ----------
    image
        Picture, ``(H, W)`` uint8.
    matrix
        Matrix from its pixels to those of the answer, ``(2, 3)``.
    size
        Width and height of the answer, px.
    border
        Number of OpenCV's border: constant, replicate or reflect 101.
    """
    (a, b, x), (c, d, y) = matrix.tolist()
    scale = 1 / (a * d - b * c)
    a, b, c, d = d * scale, b * -scale, c * -scale, a * scale
    back = np.array([a, b, -a * x - b * y, c, d, -c * x - d * y]).astype(np.float32)
    width, height = size
    return _bilinear(image, back, width, height, _BORDERS[border])  # type: ignore[no-any-return]


@njit(cache=True)
def _bilinear(image, back, width, height, border):  # type: ignore[no-untyped-def]
    found = np.empty((height, width), np.uint8)
    for y in range(height):
        row = np.float32(y)
        left, top = np.float32(row * back[1]) + back[2], np.float32(row * back[4]) + back[5]
        for x in range(width):
            u, v = _fused(back[0], x, left), _fused(back[3], x, top)
            i, j = int(np.floor(u)), int(np.floor(v))
            right, down = np.float32(u - np.float32(i)), np.float32(v - np.float32(j))
            if 0 <= i < image.shape[1] - 1 and 0 <= j < image.shape[0] - 1:
                first, second = np.float32(image[j, i]), np.float32(image[j, i + 1])
                third, fourth = np.float32(image[j + 1, i]), np.float32(image[j + 1, i + 1])
            else:
                first, second = _pixel(image, j, i, border), _pixel(image, j, i + 1, border)
                third = _pixel(image, j + 1, i, border)
                fourth = _pixel(image, j + 1, i + 1, border)
            above = _fused(right, second - first, first)
            below = _fused(right, fourth - third, third)
            found[y, x] = np.uint8(np.rint(_fused(down, np.float32(below - above), above)))
    return found


@njit(cache=True)
def _fused(a, b, c):  # type: ignore[no-untyped-def]
    """Return a b + c of float32 numbers: the product has 48 digits, and float64 53."""
    return np.float32(np.float64(a) * np.float64(b) + np.float64(c))


@njit(cache=True)
def _pixel(image, row, column, border):  # type: ignore[no-untyped-def]
    height, width = image.shape
    if 0 <= row < height and 0 <= column < width:
        return np.float32(image[row, column])
    if border == 0:
        return np.float32(0)
    return np.float32(image[_outside(row, height, border), _outside(column, width, border)])


@njit(cache=True)
def _outside(at, length, border):  # type: ignore[no-untyped-def]
    if border == 1 or length == 1:
        return min(max(at, 0), length - 1)
    period = 2 * (length - 1)
    at %= period
    return at if at < length else period - at
