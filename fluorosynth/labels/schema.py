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
    """The frames that the labels belong to."""

    name: FileName
    frames: Annotated[int, Interval(ge=1, le=MAX_FRAMES)]
    frame_size: tuple[Side, Side]  # height, width
    digest: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{32})?$")] = ""
    files: Annotated[list[FileName], MaxLen(MAX_FRAMES)] = []


class InstrumentTable(_Table):
    """One instrument in one frame."""

    id: Name
    label: Name = "catheter"
    points: Annotated[list[Point], MinLen(2), MaxLen(MAX_POINTS)]
    width: Width | Annotated[list[Width], MinLen(2), MaxLen(MAX_POINTS)]
    tip_in_view: bool = True
    origin: Literal["drawn", "tracked", "suggested"] = "drawn"
    confidence: Share | Annotated[list[Share], MinLen(2), MaxLen(MAX_POINTS)] | None = None
    handles: Annotated[list[Point], MinLen(2), MaxLen(MAX_POINTS)] | None = None


class RegionTable(_Table):
    """A brush stroke (with a width) or a polygon (without)."""

    points: Annotated[list[Point], MinLen(1), MaxLen(MAX_POINTS)]
    width: Width | None = None


class FrameTable(_Table):
    """What is known of one frame."""

    index: Annotated[int, Interval(ge=0, lt=MAX_FRAMES)]
    instruments: Annotated[list[InstrumentTable], MaxLen(MAX_INSTRUMENTS)] = []
    empty: bool = False
    lost: Annotated[list[Name], MaxLen(MAX_INSTRUMENTS)] = []
    ignore: Annotated[list[RegionTable], MaxLen(MAX_POINTS)] = []


class LabelFile(_Table):
    """A label file."""

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
