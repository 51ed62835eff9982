"""Where an instrument has been during a run: it moves, and darkens what it passes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fluorosynth.patches.curvilinear import instrument_score
from fluorosynth.sample import Image

UNCOVERED = 90  # percentile over time at which no instrument lies on a pixel
GREY = 128  # what the frames' difference to that is drawn on


def run_score(
    frames: NDArray[np.uint8], field: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """Return how instrument-like the worst curve is that a run ever shows at each pixel.

    What moves is looked for in each frame divided by the run's 90th percentile over time, where
    anatomy at rest cancels; what stays, in the median over time, where noise averages out.
    An estimate like `instrument_score`; moving vessels and diaphragm count as well.

    Parameters
    ----------
    frames
        ``(T, H, W)`` uint8, one view; evenly spaced frames of a run are enough.
    field
        ``(H, W)`` bool: the exposed field.

    Returns
    -------
    ``(H, W)`` float32 in [0, 1].

    Examples
    --------
    >>> frames = np.full((12, 96, 96), 150, np.uint8)
    >>> for t in range(12):
    ...     frames[t, :, 20 + 2 * t : 24 + 2 * t] = 110
    >>> score = run_score(frames)
    >>> bool(score[48, 22] > 0.5), bool(score[48, 44] > 0.5), float(score[48, 80])
    (True, True, 0.0)
    """
    score = instrument_score(np.median(frames, axis=0).astype(np.uint8), field)
    bright = np.percentile(frames, UNCOVERED, axis=0).astype(np.float32)
    for frame in frames:
        np.maximum(score, instrument_score(_darkening(frame, bright), field), out=score)
    return score


def _darkening(frame: Image, bright: NDArray[np.float32]) -> Image:
    ratio = (frame.astype(np.float32) + 1) / (bright + 1)
    return np.clip(GREY * ratio, 0, 255).astype(np.uint8)
