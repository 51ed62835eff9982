"""From a frame of any shape to a square, and from one size to another."""

from __future__ import annotations

from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.io.frames import Frame
from fluorosynth.io.guard import check_shape

T = TypeVar("T", np.uint8, np.float32)


def central_square(frame: Frame) -> tuple[slice, slice]:
    """Return rows and columns of the largest central square.

    It is the square of the frame, or of the bounding box of its exposed field where the file
    states one.

    Parameters
    ----------
    frame
        Frame with its exposed field, if that is known.

    Raises
    ------
    BadDataError
        When the field is too small to see anything.
    """
    rows, columns = (np.arange(length) for length in frame.image.shape)
    if frame.field is not None:
        rows, columns = np.flatnonzero(frame.field.any(1)), np.flatnonzero(frame.field.any(0))
    top, left = int(rows[0]), int(columns[0])
    height, width = int(rows[-1]) + 1 - top, int(columns[-1]) + 1 - left
    side = min(height, width)
    check_shape(frame.source, side, side)
    top, left = top + (height - side) // 2, left + (width - side) // 2
    return slice(top, top + side), slice(left, left + side)


def resized(values: NDArray[T], height: int, width: int) -> NDArray[T]:
    """Return values at another size: averaged over areas where both sides shrink, else linear.

    Parameters
    ----------
    values
        Grid ``(H, W)`` uint8 or float32.
    height
        New height, px.
    width
        New width, px.

    Returns
    -------
    Grid ``(height, width)`` of the same dtype; ``values`` themselves where that is their size.

    Examples
    --------
    >>> resized(np.uint8([[0, 2], [4, 6]]), 1, 1)
    array([[3]], dtype=uint8)
    """
    if values.shape == (height, width):
        return values
    shrinks = height <= values.shape[0] and width <= values.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    grid: Any = values
    return np.asarray(cv2.resize(grid, (width, height), interpolation=how), values.dtype)
