"""LabelMe: a JSON file of shapes for each picture.

Source: https://github.com/wkentaro/labelme, version 5. It counts from the corner of the first
pixel. The keys ``width``, ``id``, ``tip_in_view`` and ``origin`` are this project's.
"""

from __future__ import annotations

import base64
import binascii
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, MinLen
from pydantic import BaseModel, FiniteFloat

from fluorosynth.errors import BadDataError, FluorosynthError
from fluorosynth.formats.area import Area, Flags, Pixels, check_box
from fluorosynth.formats.mark import Mark, Picture, from_corner, polygon
from fluorosynth.io.guard import quoted, validated
from fluorosynth.io.paths import Coordinate
from fluorosynth.io.text import read_text
from fluorosynth.labels.model import Origin

LINES = "line", "linestrip"
ROUND = np.linspace(0, 2 * np.pi, 64, endpoint=False)  # corners of a circle


class _Shape(BaseModel):
    label: str
    points: Annotated[list[tuple[Coordinate, Coordinate]], MinLen(1)]
    shape_type: str = "polygon"
    group_id: int | None = None
    mask: str | None = None
    width: FiniteFloat | list[FiniteFloat] | None = None
    id: str = ""
    tip_in_view: bool = True
    origin: Origin = "drawn"


class _File(BaseModel):
    imagePath: str = ""  # noqa: N815 - the key's name
    imageHeight: Annotated[int, Ge(1)] | None = None  # noqa: N815
    imageWidth: Annotated[int, Ge(1)] | None = None  # noqa: N815
    shapes: list[_Shape]


@dataclass(frozen=True, eq=False)
class Stamp(Area):
    """Pixels of a box, as the PNG file in which LabelMe keeps them.

    Parameters
    ----------
    png
        Bytes of the file, base64.
    left
        First column of the box.
    top
        First row of the box.
    """

    png: str
    left: int
    top: int

    def mask(self, shape: tuple[int, int]) -> Flags:
        """Return its pixels; sizes are checked before it is decoded."""
        from PIL import Image, UnidentifiedImageError

        try:
            with Image.open(io.BytesIO(base64.b64decode(self.png)), formats=("PNG",)) as picture:
                check_box((self.left, self.top, *picture.size), shape)
                values = np.asarray(picture.convert("L")) > 0
        except FluorosynthError:
            raise
        except (OSError, ValueError, binascii.Error, UnidentifiedImageError):
            raise BadDataError("a mask that is no PNG file in base64") from None
        return Pixels(values, self.left, self.top).mask(shape)


def is_labelme(plain: Any) -> bool:
    """Tell by its keys whether what a JSON file holds is LabelMe's.

    Parameters
    ----------
    plain
        Content of the file.
    """
    return isinstance(plain, dict) and {"shapes", "imagePath"} <= plain.keys()


def read_labelme(path: Path, position: int = 0) -> Picture:
    """Read a file.

    Parameters
    ----------
    path
        File of JSON.
    position
        Place of the picture in the list, from 0.

    Raises
    ------
    BadDataError
        Naming the file and its first fault.
    """
    with validated(quoted(path)):
        content = _File.model_validate_json(read_text(path))
    size = content.imageHeight, content.imageWidth
    return Picture(
        content.imagePath.replace("\\", "/") or path.name,
        position,
        (size[0], size[1]) if size[0] and size[1] else None,
        tuple(_mark(shape, path) for shape in content.shapes),
    )


def _mark(shape: _Shape, path: Path) -> Mark:
    name = shape.id or (f"{shape.label}_{shape.group_id}" if shape.group_id is not None else "")
    width = shape.width
    return Mark(
        shape.label,
        from_corner(shape.points, path) if shape.shape_type in LINES else None,
        _areas(shape, path),
        None if width is None else tuple(width if isinstance(width, list) else [width]),
        name,
        shape.tip_in_view,
        shape.origin,
    )


def _areas(shape: _Shape, path: Path) -> tuple[Area, ...]:
    points = np.array(shape.points)
    if shape.shape_type == "polygon":
        return (polygon(from_corner(shape.points, path), path),)
    if shape.shape_type == "rectangle" and len(points) == 2:
        (x1, y1), (x2, y2) = points
        return (polygon(from_corner([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], path), path),)
    if shape.shape_type == "circle" and len(points) == 2:
        radius = float(np.hypot(*(points[1] - points[0])))
        rim = points[0] + radius * np.column_stack([np.cos(ROUND), np.sin(ROUND)])
        return (polygon(from_corner(rim, path), path),)
    if shape.shape_type == "mask" and shape.mask:
        left, top = points.min(axis=0).round().astype(int).tolist()
        return (Stamp(shape.mask, left, top),)
    return ()
