"""Where an instrument is in a sequence: it moves, and darkens what it passes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fluorosynth.patches.curvilinear import instrument_score
from fluorosynth.sample import Image

UNCOVERED = 90  # percentile over time at which no instrument lies on a pixel
NEAR = 2  # frames before and after that the median takes in
GREY = 128  # what the frames' difference to that is drawn on


def sequence_scores(
    frames: NDArray[np.uint8], field: NDArray[np.bool_] | None = None
) -> Iterator[NDArray[np.float32]]:
    """Yield how instrument-like the curve through each pixel of each frame of a sequence is.

    What moves is looked for in each frame divided by the 90th percentile over time, where anatomy
    at rest cancels, and counts for the frames before and after too. What stays, however
    faint, is looked for in the median of five frames, where noise averages out. An estimate like
    `instrument_score`; moving vessels and diaphragm count as well.

    Parameters
    ----------
    frames
        Frames of one view, ``(T, H, W)`` uint8; evenly spaced ones of a sequence are enough.
    field
        Exposed field, ``(H, W)`` bool.

    Yields
    ------
    One map per frame, ``(H, W)`` float32 in [0, 1].

    Examples
    --------
    >>> frames = np.full((12, 96, 96), 150, np.uint8)
    >>> for t in range(12):
    ...     frames[t, :, 20 + 4 * t : 24 + 4 * t] = 110
    >>> score = list(sequence_scores(frames))
    >>> bool(score[0][48, 22] > 0.5), float(score[0][48, 62]), bool(score[11][48, 64] > 0.5)
    (True, 0.0, True)
    """
    bright = np.percentile(frames, UNCOVERED, axis=0).astype(np.float32)
    moving = (instrument_score(_darkening(frame, bright), field) for frame in frames)
    before = after = now = next(moving)
    for resting in resting_scores(frames, field):
        after = next(moving, now)
        yield np.asarray(np.maximum.reduce([before, now, after, resting]))
        before, now = now, after


def resting_scores(
    frames: NDArray[np.uint8], field: NDArray[np.bool_] | None = None
) -> Iterator[NDArray[np.float32]]:
    """Yield how instrument-like the curves in the median of five frames are, for each frame.

    Parameters
    ----------
    frames
        Frames of one view, ``(T, H, W)`` uint8.
    field
        Exposed field, ``(H, W)`` bool.

    Yields
    ------
    One map per frame, ``(H, W)`` float32 in [0, 1].
    """
    for t in range(len(frames)):
        yield instrument_score(_median(frames, t), field)


def _median(frames: NDArray[np.uint8], centre: int) -> Image:
    near = frames[max(centre - NEAR, 0) : centre + NEAR + 1]
    return np.asarray(np.median(near, axis=0).astype(np.uint8))


def _darkening(frame: Image, bright: NDArray[np.float32]) -> Image:
    ratio = (frame.astype(np.float32) + 1) / (bright + 1)
    grey: Image = np.clip(GREY * ratio, 0, 255).astype(np.uint8)
    return grey
