"""What stands in files of centrelines: a schema for each form that is read."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Interval, MinLen
from pydantic import BaseModel, FiniteFloat, StringConstraints, TypeAdapter

from fluorosynth.io.paths import Coordinate

Side = Annotated[int, Interval(ge=1, le=65536)]
Size = tuple[Side, Side]
Curve = Annotated[list[tuple[Coordinate, Coordinate]], MinLen(2)]
Width = Annotated[FiniteFloat, Interval(gt=0, le=1e4)]


class TracedDevice(BaseModel):
    """One device of the traced schema; further keys are ignored.

    Parameters
    ----------
    fwhm_px
        Full width at half maximum, px.
    centreline_xy
        Points ``[x, y]`` from entry to tip, px.
    """

    fwhm_px: Width
    centreline_xy: Curve


class PlainDevice(BaseModel):
    """One device of the plain schema.

    Parameters
    ----------
    points
        Points ``[x, y]`` from entry to tip, px.
    width
        Full width, px, one or one per point.
    label
        Label of the device; empty: none.
    frame
        Name or number of its frame; devices of one frame are drawn together.
    frame_size
        Height and width of the frame, px.
    """

    points: Curve
    width: Width | Annotated[list[Width], MinLen(1)]
    label: str = ""
    frame: str | int | None = None
    frame_size: Size | None = None


class Row(BaseModel):
    """One line of a CSV file: a point.

    Parameters
    ----------
    device
        Name of the device.
    x
        Column of the point, px.
    y
        Row of the point, px.
    width
        Full width at the point, px.
    frame
        Name of its frame; devices of one frame are drawn together.
    frame_height
        Height of the frame, px.
    frame_width
        Width of the frame, px.
    """

    device: Annotated[str, StringConstraints(min_length=1)]
    x: Coordinate
    y: Coordinate
    width: Width
    frame: str | None = None
    frame_height: Side | None = None
    frame_width: Side | None = None


class Picture(BaseModel):
    """An image of a COCO file.

    Parameters
    ----------
    id
        Number of the image.
    file_name
        Name of its file.
    height
        Height, px.
    width
        Width, px.
    """

    id: int
    file_name: str
    height: Side
    width: Side


class Annotation(BaseModel):
    """An annotation of a COCO file.

    Parameters
    ----------
    image_id
        Number of its image.
    category_id
        Number of its class.
    iscrowd
        Number that is 1 for a region without truth.
    centreline
        Points ``[x, y]`` from entry to tip; a key of this project.
    width
        Full width at each point, px; a key of this project.
    """

    image_id: int
    category_id: int
    iscrowd: int = 0
    centreline: Curve | None = None
    width: Annotated[list[Width], MinLen(1)] | None = None


class Category(BaseModel):
    """A class of a COCO file.

    Parameters
    ----------
    id
        Number of the class.
    name
        Name of the class.
    """

    id: int
    name: str


class Coco(BaseModel):
    """What is read of a COCO file.

    Parameters
    ----------
    images
        Images of the file.
    annotations
        Annotations of the file.
    categories
        Classes of the file.
    """

    images: list[Picture]
    annotations: list[Annotation]
    categories: list[Category]


TRACED = TypeAdapter(dict[str, dict[str, TracedDevice]])
PLAIN = TypeAdapter(list[PlainDevice])
EXPORTED: TypeAdapter[dict[str, list[PlainDevice]]] = TypeAdapter(dict[str, list[PlainDevice]])
ROWS = TypeAdapter(list[Row])
SIZE: TypeAdapter[Size] = TypeAdapter(Size)
