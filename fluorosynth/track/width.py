"""How wide an instrument is in a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fluorosynth.sample import Image


def measure_width(image: Image, points: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the full width at half maximum of a dark line at each point of its centreline.

    Parameters
    ----------
    image
        ``(H, W)`` uint8, instruments dark.
    points
        ``(n, 2)`` ``(x, y)`` in pixels, n >= 2, on the centreline.

    Returns
    -------
    NDArray[np.float32]
        ``(n,)``, px, smooth along the curve, >= 1.
    """
    raise NotImplementedError
