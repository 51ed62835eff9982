"""A rough curve pulled to the instrument under it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fluorosynth.sample import Image, Points


@dataclass(frozen=True, eq=False)
class Snapped:
    """A curve on its instrument.

    Parameters
    ----------
    points
        ``(n, 2)`` float32, ``(x, y)`` in pixels, about 2 px apart, in the order of the rough curve.
    width
        ``(n,)`` float32, full width at half maximum, px.
    confidence
        ``(n,)`` float32 in [0, 1].
    """

    points: Points
    width: NDArray[np.float32]
    confidence: NDArray[np.float32]


def snap(
    image: Image, points: NDArray[np.floating], width: float | None = None, reach: float = 8.0
) -> Snapped:
    """Pull a rough curve to the dark line that it was meant to follow.

    Parameters
    ----------
    image
        ``(H, W)`` uint8, instruments dark.
    points
        ``(k, 2)`` ``(x, y)`` in pixels, k >= 2, from entry to tip: a few clicks will do. The ends
        stay where they are along the curve.
    width
        Full width of the instrument, px, where it is known; None: measured.
    reach
        Distance that a point may be off, px.
    """
    raise NotImplementedError
