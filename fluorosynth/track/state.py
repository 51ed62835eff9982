"""What is known of an instrument from frame to frame."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from fluorosynth.errors import UsageError
from fluorosynth.sample import Image
from fluorosynth.track.appearance import Appearance
from fluorosynth.track.curve import Array
from fluorosynth.track.field import Room
from fluorosynth.track.motion import Move
from fluorosynth.track.signs import Signs

WORKING_SIDE = 256  # px: the tracker's lengths refer to a frame of this side
WIDEST = 32.0  # px of such a frame: what is wider is no line
SHORTEST = 6  # points of a curve that can be followed


@dataclass(frozen=True)
class Scale:
    """The tracker's lengths for frames of one shape.

    Parameters
    ----------
    shape
        Height and width of a frame, px.
    """

    shape: tuple[int, ...]

    @property
    def unit(self) -> float:
        """One pixel of a frame of 256 px: the distance of a curve's points, px."""
        return max(max(self.shape) / WORKING_SIDE, 0.5)

    def offsets(self, reach: float, width: float) -> Array:
        """Return where a band is sampled across, at least three widths to either side.

        Parameters
        ----------
        reach
            Distance to either side, px.
        width
            Full width of the tube, px.
        """
        step = min(0.5 * self.unit, max(width / 4, 0.35))
        count = int(np.ceil(max(reach, 3 * width) / step))
        return np.asarray(np.arange(-count, count + 1) * step)

    def checked(self, width: float, whose: str = "the instrument") -> float:
        """Return a full width that an instrument may have, px.

        Parameters
        ----------
        width
            Full width, px.
        whose
            Owner of the width, for the message.

        Raises
        ------
        UsageError
            When it is not above 0, or an eighth of the frame is narrower.
        """
        most = WIDEST * self.unit
        if not 0 < width <= most:
            raise UsageError(
                f"{whose} cannot be {width:g} px wide: in frames of this size "
                f"a width is above 0 and at most {most:g} px"
            )
        return width


@dataclass(frozen=True, eq=False)
class End:
    """What an end of an instrument looks like.

    Parameters
    ----------
    depth
        Depth of its last rows, ``(n,)``, in those of the tube, the end's last.
    bias
        Number of rows by which it is found too far out where it is known.
    """

    depth: Array
    bias: float


@dataclass(frozen=True, eq=False)
class Followed:
    """An instrument in one frame, as the next one starts from it.

    Parameters
    ----------
    points
        Points from entry to tip, ``(n, 2)``, at equal distances, in the frame.
    sure
        Confidence of each point, ``(n,)``.
    enters
        Whether the curve begins at the border.
    leaves
        Whether the curve ends at the border: no tip is seen.
    look
        Appearance by now.
    known
        Appearance where a person showed it.
    entry
        Looks of its first point.
    tip
        Looks of its last point.
    room
        Field in which something can be seen.
    move
        Move from the last frame to this.
    picture
        Frame in the tracker's own pixels, ``(h, w)`` uint8.
    shown
        Number of points where a person showed it.
    broad
        Breadth of its tip there.
    alike
        Least mean probability of a stretch to be on it there.
    score
        Confidence of the frame, in [0, 1].
    signs
        Figures of how well it has been followed since then.
    """

    points: Array
    sure: Array
    enters: bool
    leaves: bool
    look: Appearance
    known: Appearance
    entry: End
    tip: End
    room: Room
    move: Move
    picture: Image
    shown: int
    broad: float = 1.0
    alike: float = 1.0
    score: float = 1.0
    signs: Signs = field(default_factory=Signs)

    @property
    def lost(self) -> bool:
        """Whether too little is in the picture to be followed."""
        return len(self.points) < SHORTEST
