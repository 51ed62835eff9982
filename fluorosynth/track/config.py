"""The tracker's settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Interval

from fluorosynth.core.check import Checked


@dataclass(frozen=True)
class TrackConfig(Checked):
    """How instruments are followed.

    Parameters
    ----------
    reach
        Distance that an instrument may move between two frames, in 1/256 of the frame's
        longer side.
    give_up
        Confidence of a frame, in [0, 1], below which the instrument is lost there. From 1/2 down
        a frame is in doubt, and is to be looked at.
    patience
        Number of frames in a row in which an instrument may be lost before the tracker stops
        looking for it.
    """

    reach: Annotated[float, Interval(gt=0, le=64)] = 14.0
    give_up: Annotated[float, Interval(ge=0, le=1)] = 0.3
    patience: Annotated[int, Interval(ge=0)] = 8
