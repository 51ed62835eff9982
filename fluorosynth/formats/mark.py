"""What annotation programs hold: pictures, and marks in them.

They count from the corner of the first pixel; everything here counts from its **centre**.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.formats.area import Area, Polygon
from fluorosynth.io.guard import quoted
from fluorosynth.labels.model import Origin

CORNER = 0.5  # px, from the corner of the first pixel to its centre
FAR = 1e6  # px: a coordinate beyond is no picture's
IGNORE = "ignore"  # label of regions without truth
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Mark:
    """One object in one picture: its course, its pixels, or both.

    Parameters
    ----------
    label
        Class, as the file names it; ``"ignore"`` for regions without truth.
    line
        Course, ``(n, 2)`` float64 px, ``(x, y)``; None: it has none.
    areas
        Parts of the picture that it covers; empty: only its course is known.
    width
        Full widths, px, one or one per point of the course; None: the file has none.
    id
        Name of the object in its sequence; empty: none.
    tip_in_view
        Whether the last point of the course is the tip.
    origin
        Maker of the mark: a person, a tracker or a model.
    """

    label: str
    line: Floats | None = None
    areas: tuple[Area, ...] = ()
    width: tuple[float, ...] | None = None
    id: str = ""
    tip_in_view: bool = True
    origin: Origin = "drawn"

    def pixels(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Return ``(H, W)`` bool: what its areas cover together.

        Parameters
        ----------
        shape
            Height and width of the picture, px.
        """
        covered = np.zeros(shape, bool)
        for area in self.areas:
            covered |= area.mask(shape)
        return covered


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture that a file annotates.

    Parameters
    ----------
    name
        Name of its file; empty: it is a frame of a video.
    number
        Number of the frame, or place in the list.
    shape
        Height and width, px; None: the file does not say.
    marks
        Marks, a later one above an earlier one.
    part
        Part of the set; empty: none.
    """

    name: str
    number: int
    shape: tuple[int, int] | None
    marks: tuple[Mark, ...]
    part: str = ""


@dataclass(frozen=True, eq=False)
class Annotations:
    """What a file holds.

    Parameters
    ----------
    pictures
        Pictures in the file's order.
    classes
        Name of each class by its number in the file; where classes have none, from 1 on.
    name
        Name of the video or the task; empty: none.
    frames
        Number of frames of the video; 0: the file does not say.
    shape
        Height and width of its frames, px; None: the file does not say.
    """

    pictures: tuple[Picture, ...]
    classes: Mapping[int, str] = field(default_factory=dict)
    name: str = ""
    frames: int = 0
    shape: tuple[int, int] | None = None


def numbered(names: set[str]) -> dict[int, str]:
    """Return classes by numbers from 1 on, in the order of their names.

    Parameters
    ----------
    names
        Names of classes.
    """
    return dict(enumerate(sorted(names - {IGNORE}), 1))


def from_corner(points: Sequence[Any] | Floats, path: Path) -> Floats:
    """Return points ``(n, 2)`` float64 that a program counts from the corner of the first pixel.

    Parameters
    ----------
    points
        Pairs of numbers, or numbers x, y, x, y, ...
    path
        File, for the message.

    Raises
    ------
    BadDataError
        For anything else, and for points that no picture has.
    """
    try:
        found = np.asarray(points, np.float64)
        if found.ndim != 1 and (found.ndim != 2 or found.shape[1] != 2):
            raise ValueError
        found = found.reshape(-1, 2)
    except (TypeError, ValueError):
        raise BadDataError(f"{quoted(path)}: {str(points)[:60]} are no points (x, y)") from None
    if not (np.isfinite(found).all() and (np.abs(found) <= FAR).all()):
        raise BadDataError(f"{quoted(path)}: a point lies beyond {FAR:g} px or is no number")
    return found - CORNER


def polygon(corners: Floats, path: Path) -> Polygon:
    """Return a polygon.

    Parameters
    ----------
    corners
        Corners, ``(n, 2)`` float64 px.
    path
        File, for the message.

    Raises
    ------
    BadDataError
        For fewer than three.
    """
    if len(corners) < 3:
        raise BadDataError(f"{quoted(path)}: a polygon of {len(corners)} corners has no inside")
    return Polygon(corners)
