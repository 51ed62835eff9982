"""The label file's form, version 1: what ``docs/labels.md`` states, checked by pydantic."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from annotated_types import Interval, MaxLen, MinLen
from pydantic import BaseModel, ConfigDict, FiniteFloat, StringConstraints

from fluorosynth.io.guard import MAX_FRAMES
from fluorosynth.io.paths import Coordinate

FORMAT, VERSION = "fluorosynth-labels", 1
MAX_POINTS = 2**16  # of one curve
MAX_INSTRUMENTS = 256  # in one frame

Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]
FileName = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^/\\\x00]+$")]
Side = Annotated[int, Interval(ge=1, le=2**16)]
Width = Annotated[FiniteFloat, Interval(gt=0, le=1e4)]
Share = Annotated[FiniteFloat, Interval(ge=0, le=1)]
Point = tuple[Coordinate, Coordinate]


class _Table(BaseModel):
    """Further keys are for other programs, and passed over."""

    model_config = ConfigDict(extra="ignore", strict=True)


class SourceTable(_Table):
    """The frames that the labels belong to.

    Parameters
    ----------
    name
        Name of the file or folder.
    frames
        Number of frames.
    frame_size
        Height and width, px.
    digest
        Digest of the frames, 32 hexadecimal digits; empty: unknown.
    files
        Names of the files, where there are several.
    """

    name: FileName
    frames: Annotated[int, Interval(ge=1, le=MAX_FRAMES)]
    frame_size: tuple[Side, Side]  # height, width
    digest: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{32})?$")] = ""
    files: Annotated[list[FileName], MaxLen(MAX_FRAMES)] = []


class InstrumentTable(_Table):
    """One instrument in one frame.

    Parameters
    ----------
    id
        Name of the instrument in the sequence.
    label
        Class of the instrument.
    points
        Points ``[x, y]`` from entry to tip, px.
    width
        Full width, px, one or one per point.
    tip_in_view
        Whether the last point is the tip.
    origin
        Maker of the curve.
    confidence
        Confidence in [0, 1], one or one per point.
    handles
        Points set by hand.
    """

    id: Name
    label: Name = "catheter"
    points: Annotated[list[Point], MinLen(2), MaxLen(MAX_POINTS)]
    width: Width | Annotated[list[Width], MinLen(2), MaxLen(MAX_POINTS)]
    tip_in_view: bool = True
    origin: Literal["drawn", "tracked", "suggested"] = "drawn"
    confidence: Share | Annotated[list[Share], MinLen(2), MaxLen(MAX_POINTS)] | None = None
    handles: Annotated[list[Point], MinLen(2), MaxLen(MAX_POINTS)] | None = None


class RegionTable(_Table):
    """A brush stroke (with a width) or a polygon (without).

    Parameters
    ----------
    points
        Points ``[x, y]``, px.
    width
        Full width of a brush, px.
    """

    points: Annotated[list[Point], MinLen(1), MaxLen(MAX_POINTS)]
    width: Width | None = None


class FrameTable(_Table):
    """What is known of one frame.

    Parameters
    ----------
    index
        Number of the frame, from 0.
    instruments
        Instruments that are seen.
    empty
        Whether it is known that there is none.
    lost
        Names of instruments whose place is unknown.
    ignore
        Regions without truth.
    """

    index: Annotated[int, Interval(ge=0, lt=MAX_FRAMES)]
    instruments: Annotated[list[InstrumentTable], MaxLen(MAX_INSTRUMENTS)] = []
    empty: bool = False
    lost: Annotated[list[Name], MaxLen(MAX_INSTRUMENTS)] = []
    ignore: Annotated[list[RegionTable], MaxLen(MAX_POINTS)] = []


class LabelFile(_Table):
    """A label file.

    Parameters
    ----------
    format
        Name of the format.
    version
        Version of the format.
    source
        Frames that the labels belong to.
    frames
        Labels of some of the frames.
    """

    format: Literal["fluorosynth-labels"]
    version: Literal[1]
    source: SourceTable
    frames: Annotated[list[FrameTable], MaxLen(MAX_FRAMES)]


def json_schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of a label file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **LabelFile.model_json_schema(),
    }
