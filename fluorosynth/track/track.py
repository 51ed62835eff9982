"""Instruments followed from frames in which they are known through the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from fluorosynth.labels.model import FrameLabels, Labels
from fluorosynth.sample import Image
from fluorosynth.track.config import TrackConfig

Evidence = Callable[[int], NDArray[np.float32]]


def track(
    frames: Sequence[Image],
    start: Labels,
    config: TrackConfig = TrackConfig(),  # noqa: B008 - it is frozen
    first: int = 0,
    last: int | None = None,
    ids: Sequence[str] | None = None,
    evidence: Evidence | None = None,
    progress: Callable[[FrameLabels], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Labels:
    """Follow instruments forwards and backwards from the frames in which they are drawn.

    A curve of origin ``drawn`` is a key: it is kept as it is, and the tracker starts from it in
    both directions. Between two keys of one instrument what comes from either side is blended.
    Curves of other origins are replaced.

    Parameters
    ----------
    frames
        ``(H, W)`` uint8 each, by number; instruments dark. ``labels.FrameSequence`` is one.
    start
        Labels with a key for each instrument. Frames outside ``first`` to ``last``, other
        instruments and ignored regions are kept.
    config
        Settings.
    first
        First frame to label.
    last
        Last frame to label; None: the last one of the sequence.
    ids
        Instruments to follow; None: all that have a key.
    evidence
        Function that gives the ``(H, W)`` float32 map of a frame, in [0, 1]: how likely each
        pixel is instrument, from a network for instance.
    progress
        Called with each frame as soon as it is known from one side.
    stop
        Asked before each frame; where it returns True, what is known by then is returned.

    Returns
    -------
    Labels
        With a curve of origin ``tracked`` and its confidence in each frame, or the instrument's
        id among ``lost`` where its place is not known.

    Raises
    ------
    UsageError
        When there is no key, or ``first`` and ``last`` are no range of frames.
    """
    raise NotImplementedError
