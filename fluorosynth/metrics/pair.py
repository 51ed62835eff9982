"""The one place where a prediction and a truth are checked and ignored pixels are taken out."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.sample import BACKGROUND, IGNORE, INSTRUMENT, Mask

Flags = NDArray[np.bool_]
Distances = NDArray[np.float64]
EXACT = 2048  # px


class Pair(NamedTuple):
    """Prediction and truth, both False where nothing is labelled.

    Parameters
    ----------
    prediction
        Predicted instrument, ``(H, W)`` bool.
    truth
        True instrument, ``(H, W)`` bool.
    labelled
        Pixels with a truth, ``(H, W)`` bool.
    """

    prediction: Flags
    truth: Flags
    labelled: Flags

    @property
    def empty(self) -> tuple[bool, bool]:
        """Whether the prediction and the truth are empty."""
        return not self.prediction.any(), not self.truth.any()

    @property
    def diagonal(self) -> float:
        """The largest distance in the image in pixels."""
        return math.hypot(*self.truth.shape)


def pair(prediction: Flags | Mask, truth: Mask) -> Pair:
    """Check both arrays and take the ignored pixels out of both.

    Parameters
    ----------
    prediction
        Predicted mask, ``(H, W)`` bool, or 0 and 1.
    truth
        True mask, ``(H, W)`` uint8 {0, 1, 255}.

    Raises
    ------
    BadDataError
        For shapes that differ or are not 2-D, a truth with values other than 0, 1, 255, or a
        prediction that is neither bool nor made of 0 and 1.
    """
    if prediction.shape != truth.shape or truth.ndim != 2 or not truth.size:
        raise BadDataError(
            f"prediction {prediction.shape} and truth {truth.shape} must be (H, W) of one shape"
        )
    _check("truth", truth, (truth == BACKGROUND) | (truth == INSTRUMENT) | (truth == IGNORE))
    _check("prediction", prediction, (prediction == 0) | (prediction == 1))
    labelled = truth != IGNORE
    return Pair(prediction.astype(bool) & labelled, truth == INSTRUMENT, labelled)


def distance_to(mask: Flags) -> Distances:
    """Return each pixel's distance to the mask in pixels: exact, so that sums are repeatable.

    OpenCV's square roots differ in the last bit from call to call, by where the array lies in
    memory; the squares are whole numbers, which float32 tells apart below 2048 pixels.

    Parameters
    ----------
    mask
        Pixels in question, ``(H, W)`` bool.
    """
    if math.hypot(*mask.shape) >= EXACT:
        from scipy.ndimage import distance_transform_edt

        return np.asarray(distance_transform_edt(~mask), np.float64)
    near = cv2.distanceTransform((~mask).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(np.sqrt(np.rint(np.square(near, dtype=np.float64))), np.float64)


def _check(what: str, values: NDArray[np.generic], allowed: Flags) -> None:
    if not allowed.all():
        strange = values[~allowed].flat[0]
        raise BadDataError(f"a {what} mask holds 0 or 1 (255 to ignore in a truth), not {strange}")
