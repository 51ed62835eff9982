"""COCO: pictures, categories, and annotations of polygons, run lengths, keypoints and curves.

Source: https://cocodataset.org/#format-data. It counts from the corner of the first pixel, the
``centreline`` of this project's exporter from the centre.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Interval
from pydantic import BaseModel, FiniteFloat

from fluorosynth.errors import BadDataError
from fluorosynth.formats.area import Area, Runs
from fluorosynth.formats.mark import (
    IGNORE,
    Annotations,
    Floats,
    Mark,
    Picture,
    from_corner,
    polygon,
)
from fluorosynth.io.guard import quoted, validated
from fluorosynth.io.paths import Coordinate
from fluorosynth.io.text import read_text
from fluorosynth.labels.model import Origin

Side = Annotated[int, Interval(ge=1, le=2**16)]
Id = int | str


class _Image(BaseModel):
    id: Id
    file_name: str = ""
    height: Side | None = None
    width: Side | None = None


class _Category(BaseModel):
    id: int
    name: str


class _Runs(BaseModel):
    size: tuple[Side, Side]
    counts: str | list[int]


class _Annotation(BaseModel):
    image_id: Id
    category_id: int
    segmentation: list[list[Coordinate]] | _Runs | None = None
    keypoints: list[Coordinate] = []
    centreline: list[tuple[Coordinate, Coordinate]] = []
    width: FiniteFloat | list[FiniteFloat] | None = None
    instrument: str = ""
    tip_in_view: bool = True
    origin: Origin = "drawn"
    iscrowd: int = 0


class _File(BaseModel):
    images: list[_Image]
    annotations: list[_Annotation]
    categories: list[_Category]


def read_coco(path: Path) -> Annotations:
    """Read a file; ``iscrowd`` annotations are regions without truth, as in COCO's evaluation.

    Parameters
    ----------
    path
        File of JSON.

    Raises
    ------
    BadDataError
        Naming the file and its first fault.
    """
    with validated(quoted(path)):
        content = _File.model_validate_json(read_text(path))
    names = {category.id: category.name for category in content.categories}
    marks: dict[Id, list[Mark]] = {image.id: [] for image in content.images}
    if len(marks) < len(content.images):
        raise BadDataError(f"{quoted(path)}: two pictures have one id")
    for number, annotation in enumerate(content.annotations):
        if annotation.image_id not in marks or annotation.category_id not in names:
            raise BadDataError(
                f"{quoted(path)}: annotation {number} is of a picture or category that is not there"
            )
        label = IGNORE if annotation.iscrowd else names[annotation.category_id]
        marks[annotation.image_id].append(_mark(annotation, label, path))
    pictures = tuple(
        Picture(image.file_name.replace("\\", "/"), number, _shape(image), tuple(marks[image.id]))
        for number, image in enumerate(content.images)
    )
    return Annotations(pictures, names)


def _mark(annotation: _Annotation, label: str, path: Path) -> Mark:
    width = annotation.width
    return Mark(
        label,
        _line(annotation, path),
        tuple(_areas(annotation.segmentation, path)),
        None if width is None else tuple(width if isinstance(width, list) else [width]),
        annotation.instrument,
        annotation.tip_in_view,
        annotation.origin,
    )


def _line(annotation: _Annotation, path: Path) -> Floats | None:
    if annotation.centreline and annotation.width is not None:
        return np.array(annotation.centreline)
    if not annotation.keypoints:
        return None
    if len(annotation.keypoints) % 3:
        raise BadDataError(
            f"{quoted(path)}: {len(annotation.keypoints)} numbers of keypoints, not 3 n"
        )
    table = np.array(annotation.keypoints).reshape(-1, 3)
    return from_corner(table[table[:, 2] > 0, :2].tolist(), path)


def _areas(segmentation: Any, path: Path) -> list[Area]:
    if isinstance(segmentation, _Runs):
        height, width = segmentation.size
        return [Runs(segmentation.counts, (0, 0, width, height), by_column=True)]
    rings = [from_corner(ring, path) for ring in segmentation or []]
    return [polygon(ring, path) for ring in rings if len(ring) > 2]  # fewer enclose nothing


def _shape(image: _Image) -> tuple[int, int] | None:
    return (image.height, image.width) if image.height and image.width else None
