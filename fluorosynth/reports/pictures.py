"""Pictures that show what was found."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.sample import INSTRUMENT, Image, Mask


def agreement(image: Image, prediction: NDArray[np.bool_], truth: Mask) -> Image:
    """Return a colour picture: found green, missed blue, false red, ignored untouched.

    Parameters
    ----------
    image
        Picture, ``(H, W)`` uint8.
    prediction
        Predicted mask, ``(H, W)`` bool.
    truth
        Labels, ``(H, W)`` uint8 {0, 1, 255}.

    Returns
    -------
    Image
        ``(H, W, 3)`` uint8 RGB.
    """
    picture = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    true, none = truth == INSTRUMENT, truth == 0
    picture[prediction & true] = (0, 200, 0)
    picture[~prediction & true] = (0, 80, 255)
    picture[prediction & none] = (255, 0, 0)
    return np.asarray(picture, np.uint8)
