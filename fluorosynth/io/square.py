"""From a frame of any shape to a square of one size."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.io.frames import Frame
from fluorosynth.io.guard import check_shape


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


def resized(image: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Return ``(size, size)`` uint8 of a square: area-averaged down, interpolated up.

    Parameters
    ----------
    image
        Square picture, uint8.
    size
        Side of the result, px.
    """
    how = cv2.INTER_AREA if size <= len(image) else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (size, size), interpolation=how), np.uint8)
