"""Drawings with soft rims, anti-aliased or once a JPEG, told from masks of numbers."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.io.labels import Labels
from fluorosynth.sample import BACKGROUND, IGNORE, INSTRUMENT

RIMS = 0.3  # share of what is drawn, but less than brightest, that lies beside another value


def hardened(labels: Labels) -> tuple[NDArray[Any], bool]:
    """Return values of which those of a soft drawing are cut at half its brightest.

    Parameters
    ----------
    labels
        Label image.

    Returns
    -------
    Values, ``(H, W)`` integers, and whether all they tell is 0 from not 0.

    Examples
    --------
    >>> line = np.zeros((40, 40), np.uint8)
    >>> line[10:15] = 255
    >>> values, drawn = hardened(Labels(cv2.blur(line, (3, 3))))
    >>> np.array_equal(values, line > 0), drawn
    (True, True)
    """
    if not is_soft(labels.values):
        return labels.values, labels.drawn
    return (labels.values > labels.values.max() / 2).astype(np.uint8), True


def is_soft(values: NDArray[Any]) -> bool:
    """Tell whether a label image is a drawing with grey rims rather than numbers.

    Its bright pixels are a drawing's where all that is neither bright nor dark lies between the
    two, within 2 px of both, and all that is nearly black within 16 px of it, as a JPEG leaves it.

    Parameters
    ----------
    values
        Label image, ``(H, W)`` integers.

    Examples
    --------
    >>> line = np.zeros((40, 40), np.uint8)
    >>> line[10:15] = 255
    >>> numbers = np.where(line > 0, 1, 0)
    >>> numbers[20:25] = 2
    >>> is_soft(line), is_soft(cv2.blur(line, (3, 3))), is_soft(numbers)
    (False, True, False)
    """
    high = int(values.max())
    present = np.flatnonzero(np.bincount(values.ravel()))
    if high < 128 or len(present) < 3 or set(present.tolist()) <= {0, 1, 255}:
        return False
    bright, dark = values >= 0.875 * high, values <= 0.125 * high
    between, faint = ~(bright | dark), dark & (values > 0)
    if faint.any() and (present > 0.125 * high).sum() < 2:
        return False  # numbers such as 1, 2 and 255
    if not are_rims(values):
        return False
    rim = _near(bright, 2) & _near(dark, 2)
    rims = rim[between].mean() > 0.99 if between.any() else True
    return bool(rims and _near(bright, 16)[faint].all())


def is_fringed(values: NDArray[Any]) -> bool:
    """Tell whether the 1s of a label image are but a fringe of its 255s, as a JPEG leaves it.

    They lie close about more 255s, and open to the background: what is ignored about an instrument
    would close it in.

    Parameters
    ----------
    values
        Label image, ``(H, W)`` integers.

    Examples
    --------
    >>> bright = np.zeros((40, 40), np.uint8)
    >>> bright[10:15] = 255
    >>> fringe = (cv2.dilate(bright, np.ones((3, 3))) > bright).astype(np.uint8)
    >>> is_fringed(bright + fringe), is_fringed(np.where(bright > 0, 1, 255))
    (True, False)
    """
    ones, bright = values == INSTRUMENT, values == IGNORE
    open_ones = ones & _near(values == BACKGROUND, 1)
    return bool(
        ones.sum() < bright.sum()
        and _near(bright, 8)[ones].all()
        and 2 * open_ones.sum() > ones.sum()
    )


def are_rims(values: NDArray[Any]) -> bool:
    """Tell whether what is less than brightest lies beside other drawn values, as no numbers do.

    Values within 3 of the brightest count as it, nearly black ones not at all.

    Parameters
    ----------
    values
        Label image, ``(H, W)`` integers.
    """
    high = int(values.max())
    levels = np.where(values <= 0.125 * high, 0, values)
    levels = np.where(values >= high - 3, high, levels)
    drawn = (levels > 0) & (levels < high)
    if not drawn.any():
        return True
    padded = np.pad(levels, 1)
    beside = np.zeros(levels.shape, bool)
    for rows, columns in ((0, 1), (2, 1), (1, 0), (1, 2)):
        other = padded[rows : rows + levels.shape[0], columns : columns + levels.shape[1]]
        beside |= (other != levels) & (other > 0)
    return float(beside[drawn].mean()) >= RIMS


def _near(region: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    square = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    return np.asarray(cv2.dilate(region.astype(np.uint8), square) > 0)
