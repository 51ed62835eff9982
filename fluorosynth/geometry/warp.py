"""One resampling of a picture by an affine map, by the cheapest exact route."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from fluorosynth.geometry.bilinear import warp_affine
from fluorosynth.sample import Image, Matrix, Points

Border = Literal["edge", "reflect", "black"]
Field = tuple[NDArray[np.float32], NDArray[np.float32]]
_CV2_BORDER = {
    "edge": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT_101,
    "black": cv2.BORDER_CONSTANT,
}
_LANES = 64  # OpenCV rounds columns left over by its vector unit differently: leave none over
_MAX_MARGIN = 1  # of the picture's sides: beyond this a padded copy costs more than it saves


def transform(points: Points, matrix: Matrix) -> Points:
    """Map points by an affine matrix.

    Parameters
    ----------
    points
        Points, ``(n, 2)`` float32, ``(x, y)`` in px.
    matrix
        Matrix, ``(3, 3)`` float64, acting on ``(x, y, 1)``.

    Examples
    --------
    >>> transform(np.float32([[1, 2]]), np.diag([2.0, 3.0, 1.0])).tolist()
    [[2.0, 6.0]]
    """
    return _transform(points, matrix)  # type: ignore[no-any-return]


@njit(cache=True)
def _transform(points, matrix):  # type: ignore[no-untyped-def]
    (a, b, x), (c, d, y) = matrix[0], matrix[1]
    moved = np.empty(points.shape, np.float32)
    for i in range(len(points)):
        moved[i, 0] = a * points[i, 0] + b * points[i, 1] + x
        moved[i, 1] = c * points[i, 0] + d * points[i, 1] + y
    return moved


def resample(image: Image, matrix: Matrix, border: Border = "edge") -> Image:
    """Return ``image`` moved by ``matrix`` (bilinear), of the same shape.

    Flips, whole-pixel shifts and zooms by a whole-pixel window take copies and ``cv2.resize``;
    anything else one ``warp_affine``. The answer may share memory with ``image``.

    Parameters
    ----------
    image
        Picture, ``(H, W)`` uint8.
    matrix
        Matrix from pixels of ``image`` to pixels of the answer, ``(3, 3)``, acting on ``(x, y,
        1)``.
    border
        Filling of uncovered pixels: the nearest ``edge`` value, a ``reflect``ion, ``black``.

    Examples
    --------
    >>> shift = np.array([[1.0, 0, 1], [0, 1, 0], [0, 0, 1]])
    >>> resample(np.arange(4, dtype=np.uint8)[None], shift).tolist()
    [[0, 0, 1, 2]]
    """
    (a, b, x), (c, d, y) = matrix[:2].tolist()
    if b == 0 and c == 0:
        if a < 0 or d < 0:
            return _flip(image, (a, x), (d, y), border)
        window = _window(image, (a, x), (d, y))
        if window is not None:
            return _zoom(image, window, border)
    return _warp(image, (a, b, x, c, d, y), border)


def displace(
    image: Image, field: Field, matrix: Matrix | None = None, border: Border = "edge"
) -> Image:
    """Return an image moved by a matrix, then by a field, in one bilinear resampling.

    Parameters
    ----------
    image
        Picture, ``(H, W)`` uint8.
    field
        Parts along x and y, each ``(H, W)`` float32, px: pixel p of the answer shows what lay at p
        - field(p). For a smooth field that is close to moving what lies at p by field(p).
    matrix
        Matrix as for ``resample``; None: the identity.
    border
        Filling of what the moved picture leaves uncovered, as for ``resample``.

    Examples
    --------
    >>> right, down = np.full((1, 4), 1, np.float32), np.zeros((1, 4), np.float32)
    >>> displace(np.arange(4, dtype=np.uint8)[None], (right, down)).tolist()
    [[0, 0, 1, 2]]
    """
    height, width = image.shape
    x = np.arange(width, dtype=np.float32) - field[0]
    y = np.arange(height, dtype=np.float32)[:, None] - field[1]
    if matrix is not None:
        (a, b, e), (c, d, f) = cv2.invertAffineTransform(matrix[:2]).astype(np.float32)
        x, y = a * x + b * y + e, c * x + d * y + f
    return np.asarray(cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=_CV2_BORDER[border]))


def _flip(
    image: Image, across: tuple[float, float], down: tuple[float, float], border: Border
) -> Image:
    """Take reflections out of a scaling by flipping the source."""
    (a, x), (d, y) = across, down
    height, width = image.shape
    flipped = cv2.flip(image, -1 if a < 0 and d < 0 else int(a < 0))
    if a < 0:
        a, x = -a, x + a * (width - 1)
    if d < 0:
        d, y = -d, y + d * (height - 1)
    return resample(np.asarray(flipped), np.array([[a, 0, x], [0, d, y], [0, 0, 1]]), border)


def _window(
    image: Image, across: tuple[float, float], down: tuple[float, float]
) -> tuple[int, int, int, int] | None:
    """Return ``(left, top, right, bottom)`` of the source pixels that fill the answer, if whole."""
    (a, x), (d, y) = across, down
    left, top = 0.5 - (0.5 + x) / a, 0.5 - (0.5 + y) / d
    exact = left, top, left + image.shape[1] / a, top + image.shape[0] / d
    whole = round(exact[0]), round(exact[1]), round(exact[2]), round(exact[3])
    for near, value in zip(whole, exact, strict=True):
        if abs(near - value) > 1e-6:
            return None
    return whole if _fits(image, whole) else None


def _fits(image: Image, window: tuple[int, int, int, int]) -> bool:
    height, width = image.shape
    left, top, right, bottom = window
    across, down = max(-left, right - width), max(-top, bottom - height)
    return bool(across <= _MAX_MARGIN * width and down <= _MAX_MARGIN * height)


def _padded(image: Image, window: tuple[int, int, int, int], border: Border) -> Image:
    """Cut ``window`` from the picture, made up by ``border`` where it reaches outside."""
    height, width = image.shape
    left, top, right, bottom = window
    inside = image[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    margin = max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0)
    if not any(margin):
        return inside
    if min(inside.shape) == 0 or border == "reflect":
        full = np.asarray(cv2.copyMakeBorder(image, *margin, _CV2_BORDER[border]))
        y, x = top + margin[0], left + margin[2]
        return full[y : y + bottom - top, x : x + right - left]
    return np.asarray(cv2.copyMakeBorder(inside, *margin, _CV2_BORDER[border]))


def _zoom(image: Image, window: tuple[int, int, int, int], border: Border) -> Image:
    source = _padded(image, window, border)
    if source.shape == image.shape:
        return source
    return np.asarray(cv2.resize(source, image.shape[::-1], interpolation=cv2.INTER_LINEAR))


def _warp(image: Image, affine: tuple[float, ...], border: Border) -> Image:
    """Warp from a copy padded by the border: a constant border is twice as fast in OpenCV."""
    height, width = image.shape
    a, b, x, c, d, y = affine
    area = a * d - b * c
    across, down, at_x, at_y = (width - 1) / area, (height - 1) / area, b * y - d * x, c * x - a * y
    left = at_x / area + min(0, d * across) + min(0, -b * down)
    right = at_x / area + max(0, d * across) + max(0, -b * down)
    top = at_y / area + min(0, -c * across) + min(0, a * down)
    bottom = at_y / area + max(0, -c * across) + max(0, a * down)
    window = (
        min(int(left) - 2, 0),
        min(int(top) - 2, 0),
        max(int(right) + 3, width),
        max(int(bottom) + 3, height),
    )
    if not _fits(image, window):
        return _move(image, affine, (width, height), _CV2_BORDER[border])
    x, y = x + a * window[0] + b * window[1], y + c * window[0] + d * window[1]
    padded = _padded(image, window, border)
    return _move(padded, (a, b, x, c, d, y), (width, height), cv2.BORDER_CONSTANT)


def _move(image: Image, affine: tuple[float, ...], size: tuple[int, int], border: int) -> Image:
    matrix, (width, height) = np.array(affine).reshape(2, 3), size
    lanes = -(-width // _LANES) * _LANES
    moved = warp_affine(image, matrix, (lanes, height), border)
    return np.ascontiguousarray(moved[:, :width])
