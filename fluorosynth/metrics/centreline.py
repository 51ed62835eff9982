"""Measures on centrelines: what matters for an instrument a few pixels wide."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fluorosynth.geometry.neighbours import neighbour_counts
from fluorosynth.metrics.pair import Distances, Flags, distance_to, pair
from fluorosynth.sample import Mask

Tips = NDArray[np.float64]


class CentrelinePair:
    """The skeletons of a prediction and a truth, made once and compared in several ways.

    Skeletons are one pixel wide (Zhang and Suen, CACM 1984); distances are Euclidean, between
    pixel centres, in pixels.

    Parameters
    ----------
    prediction
        Predicted mask, ``(H, W)`` bool or {0, 1}.
    truth
        Labels, ``(H, W)`` uint8 {0, 1, 255}.

    Raises
    ------
    BadDataError
        For arrays that are not such a pair.

    Examples
    --------
    >>> truth = np.zeros((32, 32), np.uint8)
    >>> truth[10] = 1
    >>> pair = CentrelinePair(np.roll(truth, 2, axis=0), truth)
    >>> pair.distance, pair.f1(1), pair.f1(2)
    (2.0, 0.0, 1.0)
    """

    def __init__(self, prediction: Flags | Mask, truth: Mask) -> None:
        self._masks = pair(prediction, truth)

    @property
    def cldice(self) -> float:
        """Centreline Dice in [0, 1] (Shit et al., CVPR 2021, eq. 1 and 2).

        The harmonic mean of the share of the predicted skeleton inside the true mask and the
        share of the true skeleton inside the predicted mask.
        """
        if any(self._masks.empty):
            return float(all(self._masks.empty))
        predicted, true = self._skeletons
        precision = self._masks.truth[predicted].mean()
        return _harmonic(float(precision), float(self._masks.prediction[true].mean()))

    @property
    def distance(self) -> float:
        """Mean distance in pixels from every point of either skeleton to the other skeleton."""
        if any(self._masks.empty):
            return 0.0 if all(self._masks.empty) else self._masks.diagonal
        return float(np.concatenate(self._distances).mean())

    def f1(self, tolerance: float) -> float:
        """Return the harmonic mean of precision and recall, in [0, 1].

        Parameters
        ----------
        tolerance
            Distance to the other skeleton up to which a point is a hit, px.
        """
        return _harmonic(self.precision(tolerance), self.recall(tolerance))

    def precision(self, tolerance: float) -> float:
        """Return the share of the predicted skeleton that lies near the true one.

        Parameters
        ----------
        tolerance
            Distance up to which it does, px.
        """
        if any(self._masks.empty):
            return float(all(self._masks.empty))
        return float((self._distances[0] <= tolerance).mean())

    def recall(self, tolerance: float) -> float:
        """Return the share of the true skeleton that lies near the predicted one.

        Parameters
        ----------
        tolerance
            Distance up to which it does, px.
        """
        if any(self._masks.empty):
            return float(all(self._masks.empty))
        return float(self.hits(tolerance).mean())

    def hits(self, tolerance: float) -> Flags:
        """Return, for each pixel of the true skeleton, whether it is found.

        Parameters
        ----------
        tolerance
            Distance in px to the predicted skeleton at which it counts as found.

        Returns
        -------
        Flags
            ``(n,)`` bool, in the same order for any prediction.
        """
        if self._masks.empty[0]:
            return np.zeros(int(np.count_nonzero(self._skeletons[1])), bool)
        return self._distances[1] <= tolerance

    @property
    def tip_error(self) -> float:
        """Mean distance in pixels from each true tip to the nearest predicted tip.

        A tip is an end of the skeleton that lies inside the image: further from the border, and
        from ignored pixels, than half the instrument's width there (plus one pixel). NaN where
        the truth has no tip; the image's diagonal where only the prediction has none.
        """
        from scipy.spatial.distance import cdist

        predicted, true = self.tips
        if not len(true):
            return float("nan")
        if not len(predicted):
            return self._masks.diagonal
        return float(cdist(true, predicted).min(axis=1).mean())

    @cached_property
    def tips(self) -> tuple[Tips, Tips]:
        """Predicted and true tips, each ``(n, 2)`` float64 (x, y) in pixels."""
        masks = (self._masks.prediction, self._masks.truth)
        return (
            _tips(masks[0], self._skeletons[0], self._masks.labelled),
            _tips(masks[1], self._skeletons[1], self._masks.labelled),
        )

    @cached_property
    def _skeletons(self) -> tuple[Flags, Flags]:
        from skimage.morphology import skeletonize

        thin: Callable[[Flags], Flags] = skeletonize
        return thin(self._masks.prediction), thin(self._masks.truth)

    @cached_property
    def _distances(self) -> tuple[Distances, Distances]:
        """Distances of predicted points to the true skeleton and of true points to the other."""
        predicted, true = self._skeletons
        return distance_to(true)[predicted], distance_to(predicted)[true]


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0


def _tips(mask: Flags, skeleton: Flags, labelled: Flags) -> Tips:
    rows, cols = np.nonzero(skeleton & (neighbour_counts(skeleton) <= 1))
    half_width = distance_to(~mask)[rows, cols]
    to_edge = distance_to(np.pad(~labelled, 1, constant_values=True))[rows + 1, cols + 1]
    inside = to_edge > half_width + 1
    return np.stack([cols[inside], rows[inside]], axis=1).astype(np.float64)
