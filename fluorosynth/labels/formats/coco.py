"""COCO: an annotation per instrument, with its run-length mask, its centreline and its width.

Source: https://cocodataset.org/#format-data. Read are, in this order, a ``centreline``, keypoints
in their order, polygons and run-length masks, which are traced. It counts from the corner of the
first pixel, the ``centreline`` of this project's exporter from the centre.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Interval
from pydantic import BaseModel, FiniteFloat, ValidationError

from fluorosynth.errors import BadDataError, MissingExtraError
from fluorosynth.geometry.raster import rasterise
from fluorosynth.io.atomic import replacing
from fluorosynth.io.guard import first_fault, quoted
from fluorosynth.io.paths import Coordinate
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

Side = Annotated[int, Interval(ge=1, le=2**16)]


class _Image(BaseModel):
    id: int
    file_name: str = ""
    height: Side
    width: Side


class _Category(BaseModel):
    id: int
    name: str


class _Annotation(BaseModel):
    image_id: int
    category_id: int
    segmentation: list[list[Coordinate]] | dict[str, Any] | None = None
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


def read(path: Path, mapping: Mapping) -> Labels:
    """Read a file; a picture without an annotation is empty.

    Parameters
    ----------
    path
        File or folder.
    mapping
        Meaning of its classes, and what it does not say.
    """
    try:
        content = _File.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise BadDataError(f"{quoted(path)}: {first_fault(error)}") from None
    sizes = {(image.height, image.width) for image in content.images}
    if len(sizes) != 1:
        what = "no picture" if not sizes else "pictures of several sizes: split it by size"
        raise BadDataError(f"{quoted(path)} holds {what}")
    size = sizes.pop()
    numbers = {
        image.id: frame_number(image.file_name, n, mapping.source)
        for n, image in enumerate(content.images)
    }
    names = {category.id: category.name for category in content.categories}
    shapes: list[Shape] = []
    for n, annotation in enumerate(content.annotations):
        where = f"{quoted(path)}: annotation {n}"
        if annotation.image_id not in numbers or annotation.category_id not in names:
            raise BadDataError(f"{where} is of a picture or category that is not there")
        name = IGNORE if annotation.iscrowd else names[annotation.category_id]
        shapes += _shapes(annotation, numbers[annotation.image_id], name, size, where)
    source = mapping.source or Source(path.stem, max(numbers.values()) + 1, *size)
    empty = set(numbers.values()) - {shape.frame for shape in shapes}
    return build(shapes, source, mapping, quoted(path), empty)


def _shapes(
    annotation: _Annotation, frame: int, name: str, size: tuple[int, int], where: str
) -> list[Shape]:
    width = annotation.width
    about: dict[str, Any] = {
        "width": width if isinstance(width, list) or width is None else [width],
        "id": annotation.instrument,
        "tip_in_view": annotation.tip_in_view,
        "origin": annotation.origin,
    }
    if annotation.centreline and width is not None:
        return [Shape(frame, name, "line", np.array(annotation.centreline), **about)]
    if annotation.keypoints:
        if len(annotation.keypoints) % 3:
            raise BadDataError(
                f"{where}: {len(annotation.keypoints)} numbers of keypoints, not 3 n"
            )
        table = np.array(annotation.keypoints).reshape(-1, 3)
        return [Shape(frame, name, "line", table[table[:, 2] > 0, :2] - CORNER, **about)]
    if isinstance(annotation.segmentation, dict):
        return [Shape(frame, name, "mask", _decoded(annotation.segmentation, size, where))]
    polygons = annotation.segmentation or []
    return [
        Shape(frame, name, "region", np.array(p).reshape(-1, 2) - CORNER)
        for p in polygons
        if len(p) >= 6 and len(p) % 2 == 0
    ]


def _decoded(rle: dict[str, Any], size: tuple[int, int], where: str) -> Any:
    """Decode run lengths, compressed or not; sizes are checked before."""
    if list(rle.get("size", [])) != list(size) or not isinstance(rle.get("counts"), str | list):
        raise BadDataError(f"{where}: a mask of size {rle.get('size')} in a picture of {size}")
    counts = rle["counts"]
    if isinstance(counts, list):
        if sum(counts) != size[0] * size[1] or min(counts) < 0:
            raise BadDataError(f"{where}: runs of {sum(counts)} pixels in a picture of {size}")
        values = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
        return values.reshape(size, order="F")
    return _coco().decode({"size": list(size), "counts": counts.encode("ascii")}).astype(bool)


def write(labels: Labels, out: Path) -> None:
    """Write a file with everything: masks, keypoints, centrelines, widths.

    Parameters
    ----------
    labels
        Labels to write.
    out
        File or folder to write.
    """
    names = sorted({i.label for frame in labels.frames for i in frame.instruments} or {"catheter"})
    shape = labels.source.shape
    images, annotations = [], list[dict[str, Any]]()
    for frame in labels.frames:
        about = {"id": frame.index, "file_name": file_name(labels, frame.index)}
        images.append(about | {"height": shape[0], "width": shape[1]})
        for i in frame.instruments:
            keypoints = np.full((len(i.points), 3), 2.0)
            keypoints[:, :2] = i.points + CORNER
            annotation = {
                "category_id": names.index(i.label) + 1,
                "keypoints": keypoints.round(3).ravel().tolist(),
                "num_keypoints": len(keypoints),
                "centreline": i.points.astype(float).round(3).tolist(),
                "width": widths(i),
                "instrument": i.id,
                "tip_in_view": i.tip_in_view,
                "origin": i.origin,
                "iscrowd": 0,
            }
            mask = rasterise([i.device], shape)
            annotations.append({"image_id": frame.index, **annotation, **_region(mask)})
        unknown = np.zeros(shape, np.uint8)
        for region in frame.ignore:
            unknown |= region.mask(shape).astype(np.uint8)
        if unknown.any():
            crowd = {"image_id": frame.index, "category_id": 1, "iscrowd": 1}
            annotations.append(crowd | _region(unknown))
    content = {
        "images": images,
        "annotations": [{"id": n + 1, **a} for n, a in enumerate(annotations)],
        "categories": [{"id": n + 1, "name": name} for n, name in enumerate(names)],
    }
    with replacing(out) as part:
        part.write_text(json.dumps(content) + "\n", "utf-8")


def _region(mask: Any) -> dict[str, Any]:
    coco = _coco()
    rle = coco.encode(np.asfortranarray(mask))
    return {
        "segmentation": {"size": rle["size"], "counts": rle["counts"].decode("ascii")},
        "area": int(mask.sum()),
        "bbox": [float(v) for v in coco.toBbox(rle)],
    }


def _coco() -> Any:
    try:
        from pycocotools import mask
    except ImportError:
        raise MissingExtraError(
            "COCO's compressed masks need pycocotools: pip install 'fluorosynth[coco]'"
        ) from None
    return mask
