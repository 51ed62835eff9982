"""How far windows keep from the masks of frames."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.io.frames import Frame
from fluorosynth.io.mask_file import MaskFile, covered
from fluorosynth.io.mask_values import MaskValues

MARGIN = 0.01  # of the shorter side: how far windows keep from a mask


def keep_off(mask: MaskFile, frame: Frame, values: MaskValues) -> NDArray[np.float32]:
    """Return 1 on the mask and within 1 % of the frame's shorter side, else 0, ``(H, W)``.

    Any label counts.

    Parameters
    ----------
    mask
        Mask of the frame.
    frame
        Frame that it belongs to.
    values
        Meaning of the mask's values.

    Raises
    ------
    BadDataError
        For what is no mask, and when the sizes differ.
    """
    known = covered(mask, values, frame.image.shape, frame.source)
    reach = max(3, round(MARGIN * min(known.shape)))
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(cv2.dilate(known.astype(np.float32), disk))
