"""Whether a frame shows an instrument at all: evidence in its map, and what that is worth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.learn.prediction.fragments import skeleton_lengths

Map = NDArray[np.float32]
STEPS = 50  # of Newton's method; it takes about ten


def evidence(found: Map, threshold: float) -> float:
    """Return how much speaks for an instrument: the length of the longest part, weighted.

    Of the connected parts above the threshold, the largest product of the skeleton's length and
    the mean of the map inside, in pixels.

    Parameters
    ----------
    found
        Map of one frame, ``(H, W)`` float in [0, 1].
    threshold
        Threshold on the map, in [0, 1).

    Examples
    --------
    >>> found = np.zeros((20, 40), np.float32)
    >>> found[5, 2:33] = 0.8
    >>> round(evidence(found, 0.5), 2)
    24.0
    """
    count, parts = cv2.connectedComponents((found > threshold).astype(np.uint8), connectivity=8)
    if count == 1:
        return 0.0
    inside = np.nonzero(parts)
    own = np.asarray(parts)[inside]
    sums, sizes = np.bincount(own, found[inside], count), np.bincount(own, minlength=count)
    return float((skeleton_lengths(np.asarray(parts), count)[1:] * (sums[1:] / sizes[1:])).max())


@dataclass(frozen=True)
class Presence:
    """Probability of an instrument by the evidence for it: a logistic curve of its logarithm.

    Parameters
    ----------
    offset
        Log odds without evidence.
    slope
        Gain of the log odds per unit of ln(1 + evidence in pixels).

    Examples
    --------
    >>> presence = Presence(offset=-3.0, slope=1.0)
    >>> round(presence(0.0), 3), round(presence(np.e**3 - 1), 3)
    (0.047, 0.5)
    """

    offset: float
    slope: float

    def __call__(self, evidence: float) -> float:
        """Return the probability, in (0, 1)."""
        odds = self.offset + self.slope * math.log1p(evidence)
        return 1 / (1 + math.exp(-min(max(odds, -30.0), 30.0)))


def fit_presence(found: NDArray[np.float64], present: NDArray[np.bool_]) -> Presence:
    """Return the curve of greatest likelihood, with both kinds of frames weighing the same.

    So .5 stands for even odds, whatever share of the frames had an instrument.

    Parameters
    ----------
    found
        Evidence of each frame, ``(n,)``, >= 0.
    present
        Truth of each frame, ``(n,)``; some of either kind.

    Raises
    ------
    ValueError
        When all frames are of one kind.

    Examples
    --------
    >>> amount = np.array([0.0, 0.0, 5.0, 60.0, 3.0, 80.0, 90.0, 120.0])
    >>> presence = fit_presence(amount, np.arange(8) >= 4)
    >>> presence(0.0) < 0.3, presence(100.0) > 0.7
    (True, True)
    """
    if present.all() or not present.any():
        raise ValueError("a fit needs frames with an instrument and frames without")
    share = present.mean()
    weight = np.where(present, 0.5 / share, 0.5 / (1 - share))
    inputs = np.stack([np.ones(len(found)), np.log1p(found)], axis=1)
    answer = np.zeros(2)
    for _ in range(STEPS):
        guess = 1 / (1 + np.exp(-np.clip(inputs @ answer, -30, 30)))
        slope = inputs.T @ (weight * (present - guess)) - 1e-3 * answer  # finite if separable
        bend = (inputs.T * (weight * guess * (1 - guess))) @ inputs + 1e-3 * np.eye(2)
        answer = answer + np.linalg.solve(bend, slope)
    return Presence(float(answer[0]), float(answer[1]))
