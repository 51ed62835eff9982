"""Square windows in a frame: drawing them, and cutting them out."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.io.square import resized
from fluorosynth.patches.look import Looks
from fluorosynth.sample import Image


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle in one frame of one file.

    Parameters
    ----------
    source
        File relative to the folder that was searched, with forward slashes.
    frame
        Number of the frame in the file, from 0.
    x
        Column of the top-left pixel.
    y
        Row of the top-left pixel.
    width
        Width, px of the frame.
    height
        Height, px of the frame.
    score
        Likeness to an instrument of the most instrument-like thing in it: 0 none, 1 certain; 0
        where masks were given.
    """

    source: str
    frame: int
    x: int
    y: int
    width: int
    height: int
    score: float


@dataclass(frozen=True, slots=True)
class Patch:
    """An instrument-free picture, and where it was cut.

    Parameters
    ----------
    image
        Picture, ``(size, size)`` uint8.
    window
        Rectangle that it was cut from.
    view
        Frame that it was cut from, made small, ``(h, w)`` uint8; None where that is not known.
    scale
        Factor from the frame to ``view``, in (0, 1].
    """

    image: Image
    window: Window
    view: Image | None = None
    scale: float = 1.0


def draw_squares(
    field: NDArray[np.bool_],
    score: NDArray[np.float32],
    rng: np.random.Generator,
    *,
    smallest: int,
    ceiling: float,
    looks: Looks | None = None,
    tries: int = 2000,
) -> list[tuple[int, int, int, float]]:
    """Draw squares of random place and size that lie in the field and score low.

    Sides are log-uniform from ``smallest`` to what the field's bounding box allows.

    Parameters
    ----------
    field
        Pixels that a window may hold, ``(H, W)`` bool.
    score
        Likeness to an instrument, ``(H, W)`` float in [0, 1]; a window scores the highest value
        inside it.
    rng
        Source of all draws.
    smallest
        Least side, px.
    ceiling
        Highest score of a window that passes.
    looks
        Judge of what there is to see: nearly black squares do not pass; None: all do.
    tries
        Number of squares drawn.

    Returns
    -------
    ``(x, y, side, score)`` of those that pass, in the order drawn.
    """
    rows, columns = np.flatnonzero(field.any(1)), np.flatnonzero(field.any(0))
    if rows.size < smallest or columns.size < smallest:
        return []
    bottom, right = int(rows[-1]) + 1, int(columns[-1]) + 1
    largest = min(bottom - rows[0], right - columns[0])
    draws = rng.random((tries, 3))
    sides = (smallest * (largest / smallest) ** draws[:, 0]).astype(int)
    lefts = (columns[0] + draws[:, 1] * (right - columns[0] - sides + 1)).astype(int)
    tops = (rows[0] + draws[:, 2] * (bottom - rows[0] - sides + 1)).astype(int)
    barred = cv2.integral((~field | (score > ceiling + 5e-4)).astype(np.uint8))
    free = (
        barred[tops + sides, lefts + sides]
        + barred[tops, lefts]
        - barred[tops, lefts + sides]
        - barred[tops + sides, lefts]
    ) == 0
    found = []
    for x, y, side in np.stack([lefts, tops, sides], axis=1)[free].tolist():
        if looks is None or not looks.dark(x, y, side):
            worst = round(float(score[y : y + side, x : x + side].max()), 3)
            found.append((x, y, side, worst))
    return found


def cut(image: Image, window: Window, size: int) -> Image:
    """Return a window's pixels as ``(size, size)`` uint8, area-averaged.

    A window smaller than ``size`` is enlarged linearly.

    Parameters
    ----------
    image
        Frame, ``(H, W)`` uint8.
    window
        Rectangle to cut.
    size
        Side of the result, px.

    Raises
    ------
    BadDataError
        When the window does not lie in the frame.
    """
    height, width = image.shape
    if window.x + window.width > width or window.y + window.height > height:
        raise BadDataError(
            f"{window.source}: frame {window.frame} is {width}x{height}, too small for the window "
            f"{window.width}x{window.height} at ({window.x}, {window.y}); is it the same file?"
        )
    rows = slice(window.y, window.y + window.height)
    pixels = image[rows, window.x : window.x + window.width]
    return resized(pixels, size, size)
