"""LabelMe: a JSON file per frame; curves are line strips.

Source: https://github.com/wkentaro/labelme, version 5. Keys that it does not know (``width``,
``id``) are kept by it. It counts from the corner of the first pixel.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, MinLen
from pydantic import BaseModel, FiniteFloat, ValidationError

from fluorosynth.errors import BadDataError
from fluorosynth.io.atomic import replacing
from fluorosynth.io.guard import first_fault, quoted
from fluorosynth.io.paths import Coordinate
from fluorosynth.io.place import local
from fluorosynth.labels.formats.shape import (
    CORNER,
    IGNORE,
    Mapping,
    Shape,
    build,
    file_name,
    frame_number,
    widths,
)
from fluorosynth.labels.model import Labels, Origin, Source


class _Shape(BaseModel):
    label: str
    points: Annotated[list[tuple[Coordinate, Coordinate]], MinLen(1)]
    shape_type: str = "polygon"
    group_id: int | None = None
    width: FiniteFloat | list[FiniteFloat] | None = None
    id: str = ""
    tip_in_view: bool = True
    origin: Origin = "drawn"


class _File(BaseModel):
    imagePath: str = ""  # noqa: N815 - the key's name
    imageHeight: Annotated[int, Ge(1)]  # noqa: N815
    imageWidth: Annotated[int, Ge(1)]  # noqa: N815
    shapes: list[_Shape]


def read(path: Path, mapping: Mapping) -> Labels:
    """Read a file, or all of a folder; a frame without shapes is empty.

    Parameters
    ----------
    path
        File or folder.
    mapping
        Meaning of its classes, and what it does not say.
    """
    files = [path] if path.is_file() else sorted(path.rglob("*.json"))
    shapes, numbers, empty = [], [], []
    sizes: set[tuple[int, int]] = set()
    for position, file in enumerate(files):
        try:
            content = _File.model_validate_json(file.read_bytes())
        except ValidationError as error:
            raise BadDataError(f"{quoted(file)}: {first_fault(error)}") from None
        number = frame_number(content.imagePath or file.name, position, mapping.source)
        sizes.add((content.imageHeight, content.imageWidth))
        numbers.append(number)
        if not content.shapes:
            empty.append(number)
        shapes += list(_shapes(content, number))
    if len(sizes) != 1:
        what = "no LabelMe file" if not sizes else "pictures of several sizes: split them by size"
        raise BadDataError(f"{quoted(path)} holds {what}")
    source = mapping.source or Source(path.stem, max(numbers) + 1, *sizes.pop())
    return build(shapes, source, mapping, quoted(path), empty)


def _shapes(content: _File, number: int) -> Iterator[Shape]:
    for shape in content.shapes:
        if shape.shape_type not in ("linestrip", "line", "polygon"):
            continue
        name = shape.id or (f"{shape.label}_{shape.group_id}" if shape.group_id is not None else "")
        width = (
            shape.width if isinstance(shape.width, list) or shape.width is None else [shape.width]
        )
        yield Shape(
            number,
            shape.label,
            "region" if shape.shape_type == "polygon" else "line",
            np.array(shape.points) - CORNER,
            width,
            name,
            shape.tip_in_view,
            shape.origin,
        )


def write(labels: Labels, out: Path) -> None:
    """Write a file per labelled frame, named as its picture.

    Parameters
    ----------
    labels
        Labels to write.
    out
        File or folder to write.
    """
    local(out).mkdir(parents=True, exist_ok=True)
    for frame in labels.frames:
        name = file_name(labels, frame.index)
        shapes: list[dict[str, Any]] = []
        for i in frame.instruments:
            more = {
                "id": i.id,
                "width": widths(i),
                "tip_in_view": i.tip_in_view,
                "origin": i.origin,
            }
            shapes.append(_plain(i.label, i.points, "linestrip") | more)
        for region in frame.ignore:
            kind = "polygon" if region.width is None else "linestrip"
            more = {} if region.width is None else {"width": region.width}
            shapes.append(_plain(IGNORE, region.points, kind) | more)
        whole: dict[str, Any] = {
            "version": "5.5.0",
            "flags": {},
            "shapes": shapes,
            "imagePath": name,
            "imageData": None,
            "imageHeight": labels.source.height,
            "imageWidth": labels.source.width,
        }
        with replacing(out / (Path(name).stem + ".json"), sync=False) as part:
            part.write_text(json.dumps(whole, indent=2) + "\n", "utf-8")


def _plain(label: str, points: Any, kind: str) -> dict[str, Any]:
    moved = (points.astype(np.float64) + CORNER).round(3).tolist()
    return {
        "label": label,
        "points": moved,
        "group_id": None,
        "description": "",
        "shape_type": kind,
        "flags": {},
        "mask": None,
    }
