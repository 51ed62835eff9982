"""Distance between mask boundaries."""

from __future__ import annotations

import numpy as np

from fluorosynth.metrics.pair import Flags, distance_to, pair
from fluorosynth.sample import Mask


def hausdorff95(prediction: Flags | Mask, truth: Mask) -> float:
    """Return the 95 % Hausdorff distance between the boundaries of two masks, in pixels.

    The larger of the two directed 95th percentiles; a boundary pixel is one of the mask with a
    4-neighbour outside it.

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
    >>> truth = np.zeros((20, 20), np.uint8)
    >>> truth[4:8, 4:8] = 1
    >>> hausdorff95(np.roll(truth, 3, axis=1), truth)
    3.0
    """
    from scipy.ndimage import binary_erosion

    masks = pair(prediction, truth)
    if any(masks.empty):
        return 0.0 if all(masks.empty) else masks.diagonal
    edges = [mask & ~binary_erosion(mask) for mask in (masks.prediction, masks.truth)]
    directed = (np.percentile(distance_to(there)[here], 95) for here, there in (edges, edges[::-1]))
    return float(max(directed))
