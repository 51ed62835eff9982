"""Predictions as people look at them: outlines on pictures."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.dataset.preview import LABEL_COLOUR, TIP_COLOUR, outlined
from fluorosynth.sample import Image, Mask

LEGEND = {"predicted": LABEL_COLOUR}
SMALL = 512  # px: smaller pictures are shown twice as large, so that the outline hides nothing


def overlay(
    image: Image, mask: Mask, tips: Sequence[Sequence[float]] = (), scale: int = 0
) -> NDArray[np.uint8]:
    """Return a picture with a mask outlined and tips circled.

    Parameters
    ----------
    image
        Picture, ``(H, W)`` uint8.
    mask
        Mask, ``(H, W)`` uint8.
    tips
        Tips, ``(x, y)`` in px each.
    scale
        Enlargement; 0: twice for pictures under 512 px.

    Returns
    -------
    NDArray[np.uint8]
        ``(scale * H, scale * W, 3)`` RGB.
    """
    scale = scale or (1 if max(image.shape) >= SMALL else 2)
    picture = outlined(image, mask, scale)
    for x, y in tips:
        at = (round(scale * (x + 0.5) - 0.5), round(scale * (y + 0.5) - 0.5))
        cv2.circle(picture, at, 6, TIP_COLOUR, 1, cv2.LINE_AA)
    return picture
