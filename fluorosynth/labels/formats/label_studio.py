"""Label Studio: tasks with results in percent of the picture.

Source: https://labelstud.io/guide/export and the tags ``PolygonLabels`` (with ``closed`` false, an
open line) and ``VectorLabels``. It counts from the corner of the first pixel.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, Field, FiniteFloat, TypeAdapter

from fluorosynth.errors import BadDataError
from fluorosynth.formats.area import Polygon
from fluorosynth.formats.mark import CORNER, IGNORE, Mark
from fluorosynth.io.atomic import replacing
from fluorosynth.io.guard import quoted, validated
from fluorosynth.labels.formats.build import Conversion, build, file_name, frame_number, widths
from fluorosynth.labels.model import Labels, Source


class _Result(BaseModel):
    type: str = ""
    original_width: int = Field(0, ge=0)
    original_height: int = Field(0, ge=0)
    value: dict[str, Any] = {}
    meta: dict[str, Any] = {}


class _Annotation(BaseModel):
    result: list[_Result] = []
    was_cancelled: bool = False


class _Task(BaseModel):
    data: dict[str, Any]
    annotations: list[_Annotation] = []


TASKS = TypeAdapter(list[_Task])
POINTS = TypeAdapter(list[tuple[FiniteFloat, FiniteFloat]])


def read(path: Path, conversion: Conversion) -> Labels:
    """Read tasks; one that was annotated without a result is empty.

    Parameters
    ----------
    path
        File or folder.
    conversion
        Meaning of its classes, and what it does not say.
    """
    with validated(quoted(path)):
        tasks = TASKS.validate_json(path.read_bytes())
        marks, numbers, empty = [], [0], []
        sizes: set[tuple[int, int]] = set()
        for position, task in enumerate(tasks):
            name = next((v for v in task.data.values() if isinstance(v, str)), "")
            number = frame_number(name, position, conversion.source)
            numbers.append(number)
            done = [a for a in task.annotations if not a.was_cancelled]
            results = done[-1].result if done else []
            if done and not results:
                empty.append(number)
            sizes |= {(r.original_height, r.original_width) for r in results}
            marks += [(number, mark) for result in results for mark in _marks(result)]
    if conversion.source is None and len(sizes) != 1:
        raise BadDataError(f"{quoted(path)} gives no one size of the frames: name the frames")
    source = conversion.source or Source(path.stem, max(numbers) + 1, *sizes.pop())
    return build(marks, source, conversion, quoted(path), empty)


def _marks(result: _Result) -> Iterator[Mark]:
    value, meta = result.value, result.meta
    if result.type == "polygonlabels":
        points, names = value.get("points", []), value.get("polygonlabels", [])
    elif result.type == "vectorlabels":
        points = [(v.get("x"), v.get("y")) for v in value.get("vertices", [])]
        names = value.get("vectorlabels", [])
    else:
        return
    size = np.array([result.original_width, result.original_height])
    at = np.array(POINTS.validate_python(points)).reshape(-1, 2) / 100 * size - CORNER
    width = meta.get("width")
    closed = value.get("closed", result.type == "polygonlabels")
    yield Mark(
        str(names[0]) if names else "",
        None if closed else at,
        (Polygon(at),) if closed else (),
        None if width is None else tuple(width if isinstance(width, list) else [float(width)]),
        str(meta.get("id", "")),
        bool(meta.get("tip_in_view", True)),
        meta.get("origin", "drawn"),
    )


def write(labels: Labels, out: Path) -> None:
    """Write a task per labelled frame.

    Parameters
    ----------
    labels
        Labels to write.
    out
        File or folder to write.
    """
    tasks = []
    for frame in labels.frames:
        results: list[dict[str, Any]] = []
        for i in frame.instruments:
            meta = {
                "id": i.id,
                "width": widths(i),
                "tip_in_view": i.tip_in_view,
                "origin": i.origin,
            }
            results.append(_result(labels, i.label, i.points, False, meta, len(results)))
        for region in frame.ignore:
            meta = {} if region.width is None else {"width": region.width}
            closed = region.width is None
            results.append(_result(labels, IGNORE, region.points, closed, meta, len(results)))
        data = {"image": file_name(labels, frame.index)}
        tasks.append({"data": data, "annotations": [{"result": results}]})
    with replacing(out) as part:
        part.write_text(json.dumps(tasks, indent=1) + "\n", "utf-8")


def _result(
    labels: Labels, label: str, points: Any, closed: bool, meta: dict[str, Any], number: int
) -> dict[str, Any]:
    size = np.array([labels.source.width, labels.source.height])
    at = ((points.astype(np.float64) + CORNER) / size * 100).round(6).tolist()
    return {
        "id": f"r{number}",
        "type": "polygonlabels",
        "from_name": "label",
        "to_name": "image",
        "original_width": labels.source.width,
        "original_height": labels.source.height,
        "image_rotation": 0,
        "value": {"points": at, "closed": closed, "polygonlabels": [label]},
        "meta": meta,
    }
