"""What a test picture is like: every property that is varied, with the value it is held at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Interval

from fluorosynth.core.check import Checked


@dataclass(frozen=True)
class Condition(Checked):
    """The properties of a test picture. Lengths in pixels are those of a 256 px picture.

    Parameters
    ----------
    depth
        Grey levels by which an instrument darkens the picture along its centreline (median),
        blur included, noise not.
    width
        Outer diameter of an instrument, px.
    photons
        Mean number of photons in a pixel that is shown white; the noise is theirs alone.
    blur
        Standard deviation of the blur of anatomy and instruments, px.
    spine
        Grey levels of a spine whose column lies under the first instrument; 0: none.
    vessels
        Grey levels of a tree of contrast-filled vessels across the first instrument; 0: none.
    radius
        Bending radius of the last 90 px before a tip, px.
    count
        Number of instruments.
    field
        Diameter of the round exposed field in sides of the picture; from 1.42 on all is exposed.
    magnification
        Factor on anatomy and instruments together; noise and blur stay.
    scale
        Factor by which the finished picture is resized before a segmenter gets it.

    Raises
    ------
    UsageError
        For a value out of range.

    Examples
    --------
    >>> Condition(depth=5.0).width
    4.0
    """

    depth: Annotated[float, Interval(ge=0, le=100)] = 16.0
    width: Annotated[float, Interval(ge=0.5, le=40)] = 4.0
    photons: Annotated[float, Interval(ge=1, le=1e9)] = 2000.0
    blur: Annotated[float, Interval(ge=0, le=20)] = 0.7
    spine: Annotated[float, Interval(ge=0, le=100)] = 0.0
    vessels: Annotated[float, Interval(ge=0, le=100)] = 0.0
    radius: Annotated[float, Interval(ge=2, le=1000)] = 40.0
    count: Annotated[int, Interval(ge=1, le=20)] = 1
    field: Annotated[float, Interval(ge=0.1, le=2)] = 1.5
    magnification: Annotated[float, Interval(ge=0.25, le=4)] = 1.0
    scale: Annotated[float, Interval(ge=0.125, le=4)] = 1.0
