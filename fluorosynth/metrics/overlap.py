"""Measures of pixel overlap, all from four counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fluorosynth.metrics.pair import Flags, pair
from fluorosynth.sample import Mask


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of labelled pixels.

    Parameters
    ----------
    tp
        True positives: instrument in both.
    fp
        False positives: instrument in the prediction alone.
    fn
        False negatives: instrument in the truth alone.
    tn
        True negatives: instrument in neither.
    """

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def dice(self) -> float:
        """2 TP / (2 TP + FP + FN), in [0, 1]."""
        return self._share(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def iou(self) -> float:
        """TP / (TP + FP + FN), in [0, 1]."""
        return self._share(self.tp, self.tp + self.fp + self.fn)

    @property
    def precision(self) -> float:
        """TP / (TP + FP), in [0, 1]."""
        return self._share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """TP / (TP + FN), in [0, 1]."""
        return self._share(self.tp, self.tp + self.fn)

    @property
    def fp_percent_of_image(self) -> float:
        """100 FP / (all labelled pixels): FP / (H W) where nothing is ignored."""
        return 100 * self.fp / max(self.tp + self.fp + self.fn + self.tn, 1)

    @property
    def fp_percent_of_background(self) -> float:
        """100 FP / (FP + TN): the false positive rate."""
        return 100 * self.fp / max(self.fp + self.tn, 1)

    def _share(self, part: int, whole: int) -> float:
        if whole:
            return part / whole
        return float(self.fp + self.fn == 0)  # 0 / 0: right only if both masks are empty


def count(prediction: Flags | Mask, truth: Mask) -> Counts:
    """Count agreement pixel by pixel.

    Parameters
    ----------
    prediction
        Predicted mask, ``(H, W)`` bool or {0, 1}.
    truth
        Labels, ``(H, W)`` uint8 {0, 1, 255}; 255 counts in nothing.

    Raises
    ------
    BadDataError
        For arrays that are not such a pair.

    Examples
    --------
    >>> truth = np.array([[0, 1, 1, 255]], np.uint8)
    >>> count(np.array([[1, 1, 0, 1]], bool), truth)
    Counts(tp=1, fp=1, fn=1, tn=0)
    >>> count(np.array([[1, 1, 0, 1]], bool), truth).dice
    0.5
    """
    masks = pair(prediction, truth)
    tp = int(np.count_nonzero(masks.prediction & masks.truth))
    fp = int(np.count_nonzero(masks.prediction)) - tp
    fn = int(np.count_nonzero(masks.truth)) - tp
    return Counts(tp, fp, fn, int(np.count_nonzero(masks.labelled)) - tp - fp - fn)
