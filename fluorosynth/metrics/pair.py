"""The one place where a prediction and a truth are checked and ignored pixels are taken out."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.geometry.distance import EXACT as EXACT
from fluorosynth.geometry.distance import distance_to as distance_to
from fluorosynth.sample import BACKGROUND, IGNORE, INSTRUMENT, Mask

Flags = NDArray[np.bool_]
Distances = NDArray[np.float64]


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


def _check(what: str, values: NDArray[np.generic], allowed: Flags) -> None:
    if not allowed.all():
        strange = values[~allowed].flat[0]
        raise BadDataError(f"a {what} mask holds 0 or 1 (255 to ignore in a truth), not {strange}")
