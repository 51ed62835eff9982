"""Where the detector was exposed: not the collimator, not the corners, not burnt-in text."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.sample import Image

DARK = 0.35  # of the median of the middle: darker than any anatomy, lighter than a collimator
BLACK, WHITE = 8, 250
PENUMBRA = 0.025  # of the shorter side: how wide the edge of a collimator shadow is


def exposed_field(image: Image) -> NDArray[np.bool_]:
    """Return where the frame shows anatomy, less a margin for the collimator's penumbra.

    Unexposed is what is nearly black or nearly white and joined to the frame's edge; bright
    burnt-in letters are left out too. Dark letters are not looked for.

    Parameters
    ----------
    image
        Frame, ``(H, W)`` uint8.

    Returns
    -------
    ``(H, W)`` bool.

    Examples
    --------
    >>> frame = np.zeros((100, 100), np.uint8)
    >>> frame[20:80, 20:80] = 120
    >>> field = exposed_field(frame)
    >>> bool(field[50, 50]), bool(field[50, 20]), bool(field[50, 10])
    (True, False, False)
    """
    height, width = image.shape
    smooth = cv2.blur(image, (5, 5))
    middle = image[height // 4 : height - height // 4, width // 4 : width - width // 4]
    dark = max(BLACK, DARK * float(np.median(middle)))
    field = ~(_joined_to_edge(smooth < dark) | _joined_to_edge(smooth >= WHITE) | _letters(image))
    margin = 2 * max(2, round(PENUMBRA * min(height, width))) + 1
    box = cv2.getStructuringElement(cv2.MORPH_RECT, (margin, margin))
    eroded = cv2.erode(field.astype(np.uint8), box, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return _largest(np.asarray(eroded, np.uint8))


def _joined_to_edge(region: NDArray[np.bool_]) -> NDArray[np.bool_]:
    count, labels = cv2.connectedComponents(region.astype(np.uint8))
    joined = np.zeros(count, bool)
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        joined[edge] = True
    joined[0] = False
    return np.asarray(joined[labels])


def _letters(image: Image) -> NDArray[np.bool_]:
    thin = cv2.morphologyEx(image, cv2.MORPH_TOPHAT, np.ones((9, 9), np.uint8))
    return np.asarray((thin > 80) & (image > 230))


def _largest(region: NDArray[np.uint8]) -> NDArray[np.bool_]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(region)
    if count < 2:
        return np.zeros(region.shape, bool)
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))
