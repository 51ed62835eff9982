"""One resampling of a picture by an affine map, by the cheapest exact route."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from fluorosynth.sample import Image, Matrix, Points

Border = Literal["edge", "reflect", "black"]
_CV2_BORDER = {
    "edge": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT_101,
    "black": cv2.BORDER_CONSTANT,
}
_MAX_MARGIN = 1  # of the picture's sides: beyond this a padded copy costs more than it saves


def transform(points: Points, matrix: Matrix) -> Points:
    """Map ``(n, 2)`` float32 points ``(x, y)`` by a 3x3 affine matrix.

    Examples
    --------
    >>> transform(np.float32([[1, 2]]), np.diag([2.0, 3.0, 1.0])).tolist()
    [[2.0, 6.0]]
    """
    return (points @ matrix[:2, :2].T + matrix[:2, 2]).astype(np.float32)


def resample(image: Image, matrix: Matrix, border: Border = "edge") -> Image:
    """Return ``image`` moved by ``matrix`` (bilinear), of the same shape.

    Flips, whole-pixel shifts and zooms by a whole-pixel window take copies and ``cv2.resize``;
    anything else one ``cv2.warpAffine``. The answer may share memory with ``image``.

    Parameters
    ----------
    image
        ``(H, W)`` uint8.
    matrix
        3x3, from pixels of ``image`` to pixels of the answer, acting on ``(x, y, 1)``.
    border
        What fills uncovered pixels: the nearest ``edge`` value, a ``reflect``ion, ``black``.

    Examples
    --------
    >>> shift = np.array([[1.0, 0, 1], [0, 1, 0], [0, 0, 1]])
    >>> resample(np.arange(4, dtype=np.uint8)[None], shift).tolist()
    [[0, 0, 1, 2]]
    """
    (a, b, _), (c, d, _) = matrix[0].tolist(), matrix[1].tolist()
    if b == 0 and c == 0:
        if a < 0 or d < 0:
            return _flip(image, matrix, border)
        window = _window(image, matrix)
        if window is not None:
            return _zoom(image, window, border)
    return _warp(image, matrix, border)


def _flip(image: Image, matrix: Matrix, border: Border) -> Image:
    """Take reflections out of the matrix by flipping the source."""
    height, width = image.shape
    sign_x, sign_y = np.sign(matrix[0, 0]), np.sign(matrix[1, 1])
    code = -1 if sign_x < 0 and sign_y < 0 else int(sign_x < 0)
    undo = np.array(
        [
            [sign_x, 0, (width - 1) * (sign_x < 0)],
            [0, sign_y, (height - 1) * (sign_y < 0)],
            [0, 0, 1],
        ]
    )
    return resample(np.asarray(cv2.flip(image, code)), matrix @ undo, border)


def _window(image: Image, matrix: Matrix) -> tuple[int, int, int, int] | None:
    """Return ``(left, top, right, bottom)`` of the source pixels that fill the answer, if whole."""
    corners = []
    for side, (scale, move) in zip(
        image.shape[::-1], (matrix[0, [0, 2]], matrix[1, [1, 2]]), strict=True
    ):
        start = (-0.5 - move) / scale + 0.5
        corners.append((start, start + side / scale))
    (left, right), (top, bottom) = corners
    exact = (left, top, right, bottom)
    whole = tuple(round(v) for v in exact)
    near = max(abs(w - e) for w, e in zip(whole, exact, strict=True)) < 1e-6
    return whole if near and _fits(image, whole) else None  # type: ignore[return-value]


def _fits(image: Image, window: tuple[int, ...]) -> bool:
    height, width = image.shape
    left, top, right, bottom = window
    margin = max(-left / width, -top / height, right / width - 1, bottom / height - 1)
    return margin <= _MAX_MARGIN


def _padded(image: Image, window: tuple[int, ...], border: Border) -> Image:
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
    size = image.shape[::-1]
    return np.asarray(cv2.resize(source, size, interpolation=cv2.INTER_LINEAR))


def _warp(image: Image, matrix: Matrix, border: Border) -> Image:
    """Warp from a copy padded by the border: a constant border is twice as fast in OpenCV."""
    height, width = image.shape
    corners = np.array([[0, width - 1, 0, width - 1], [0, 0, height - 1, height - 1]])
    x, y = np.linalg.solve(matrix[:2, :2], corners - matrix[:2, 2:])
    window = (
        min(int(x.min()) - 2, 0),
        min(int(y.min()) - 2, 0),
        max(int(x.max()) + 3, width),
        max(int(y.max()) + 3, height),
    )
    if not _fits(image, window):
        return np.asarray(
            cv2.warpAffine(image, matrix[:2], (width, height), borderMode=_CV2_BORDER[border])
        )
    moved = matrix[:2].copy()
    moved[:, 2] += matrix[:2, :2] @ window[:2]
    return np.asarray(cv2.warpAffine(_padded(image, window, border), moved, (width, height)))
