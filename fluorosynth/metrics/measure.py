"""Every measure of one image at once."""

from __future__ import annotations

from fluorosynth.metrics.boundary import hausdorff95
from fluorosynth.metrics.centreline import CentrelinePair
from fluorosynth.metrics.overlap import count
from fluorosynth.metrics.pair import Flags
from fluorosynth.sample import Mask

TOLERANCES = (1, 2, 3)  # px, for the centreline F1


def measure(prediction: Flags | Mask, truth: Mask) -> dict[str, float]:
    """Return all measures of one image by name.

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
    >>> import numpy as np
    >>> truth = np.zeros((32, 32), np.uint8)
    >>> truth[10:13, :20] = 1
    >>> values = measure(truth.astype(bool), truth)
    >>> values["dice"], values["cldice"], values["hausdorff95"], values["tip_error"]
    (1.0, 1.0, 0.0, 0.0)
    """
    counts, lines = count(prediction, truth), CentrelinePair(prediction, truth)
    return {
        "dice": counts.dice,
        "iou": counts.iou,
        "cldice": lines.cldice,
        "precision": counts.precision,
        "recall": counts.recall,
        "fp_percent_of_image": counts.fp_percent_of_image,
        "fp_percent_of_background": counts.fp_percent_of_background,
        **{f"centreline_f1_{t}px": lines.f1(t) for t in TOLERANCES},
        "centreline_distance": lines.distance,
        "hausdorff95": hausdorff95(prediction, truth),
        "tip_error": lines.tip_error,
    }
