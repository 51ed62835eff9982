"""How many of its neighbours each pixel of a thin line has: 1 at ends, 3 and more at branches."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def neighbour_counts(skeleton: NDArray[np.bool_ | np.uint8]) -> NDArray[np.uint8]:
    """Count the set pixels among the eight around each pixel; outside the picture is nothing.

    Parameters
    ----------
    skeleton
        Skeleton, ``(H, W)`` bool or uint8 {0, 1}.

    Returns
    -------
    Counts ``(H, W)`` uint8, 0..8.

    Examples
    --------
    >>> neighbour_counts(np.array([[1, 1, 1]], np.uint8))
    array([[1, 2, 1]], dtype=uint8)
    """
    thin = skeleton.astype(np.uint8)
    whole = cv2.boxFilter(thin, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(whole - thin, np.uint8)
