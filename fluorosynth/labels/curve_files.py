"""Centrelines read from files, JSON or CSV, whatever the form."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic_core import from_json

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import quoted, validated
from fluorosynth.labels.curve_schemas import (
    EXPORTED,
    PLAIN,
    ROWS,
    SIZE,
    TRACED,
    Annotation,
    Coco,
    PlainDevice,
    Row,
    Size,
)
from fluorosynth.labels.file import from_plain
from fluorosynth.labels.schema import FORMAT
from fluorosynth.sample import Device

MAX_BYTES = 256 * 2**20  # a million points take about 40 MB of JSON
FORMS = (
    'readable are label files, {"frame": {"name": {"fwhm_px": ..., "centreline_xy": ...}}}, '
    '[{"points": ..., "width": ...}], instruments.json and annotations.json as exported, and CSV '
    "with the columns device, x, y, width"
)


@dataclass
class FrameCurves:
    """The instruments of one frame.

    Parameters
    ----------
    name
        Name of the frame in the file.
    size
        Height and width of the frame in pixels, None where the file does not say.
    devices
        Instruments, in pixels of the frame.
    """

    name: str
    size: Size | None
    devices: tuple[Device, ...]


_Found = Iterator[tuple[str, Size | None, list[tuple[str, Any, Any]]]]  # name, points, width


def read_curves(path: Path, label: str = "catheter") -> list[FrameCurves]:
    """Read one file, frame by frame; none where it holds no curve.

    Parameters
    ----------
    path
        File of curves, JSON or CSV.
    label
        Label of devices that have none.

    Raises
    ------
    BadDataError
        Naming file, key and value.
    """
    if not path.is_file():
        raise BadDataError(f"{quoted(path)} is not a file")
    if path.stat().st_size > MAX_BYTES:
        raise BadDataError(
            f"{quoted(path)} is over {MAX_BYTES >> 20} MB: too large for centrelines"
        )
    table = path.suffix.lower() == ".csv"
    with validated(quoted(path), table):
        found = list(_of_csv(path) if table else _of_json(path))
    return [
        FrameCurves(name, size, tuple(_device(path, name, *device, label) for device in devices))
        for name, size, devices in found
        if devices
    ]


def _of_json(path: Path) -> _Found:
    try:
        content = from_json(path.read_bytes())
    except ValueError as error:
        raise BadDataError(f"{quoted(path)} is not valid JSON: {error}") from None
    if isinstance(content, list):
        return _of_plain(content)
    if isinstance(content, dict):
        if content.get("format") == FORMAT:
            return _of_labels(content, path)
        if {"images", "annotations", "categories"} <= content.keys():
            return _of_coco(content, path)
        frames = {key: value for key, value in content.items() if key != "frame_size"}
        if frames and all(isinstance(value, list) for value in frames.values()):
            return _by_frame(EXPORTED.validate_python(frames))
        if all(isinstance(value, dict) for value in frames.values()):
            return _of_traced(frames, content.get("frame_size"))
    what = "a LabelMe file" if isinstance(content, dict) and "shapes" in content else "JSON"
    raise BadDataError(f"{quoted(path)} is {what} in none of the forms that are read: {FORMS}")


def _of_plain(content: list[Any]) -> _Found:
    grouped: dict[str, list[PlainDevice]] = defaultdict(list)
    for i, plain in enumerate(PLAIN.validate_python(content)):
        grouped[f"device {i}" if plain.frame is None else str(plain.frame)].append(plain)
    return _by_frame(grouped)


def _by_frame(content: dict[str, list[PlainDevice]]) -> _Found:
    for frame, devices in content.items():
        size = devices[0].frame_size if devices else None
        yield frame, size, [(d.label, d.points, d.width) for d in devices]


def _of_traced(content: dict[str, dict[str, Any]], size: Any) -> _Found:
    whole = None if size is None else SIZE.validate_python(size)
    plain = {
        frame: {key: value for key, value in devices.items() if key != "frame_size"}
        for frame, devices in content.items()
    }
    for frame, devices in TRACED.validate_python(plain).items():
        own = content[frame].get("frame_size")
        size = whole if own is None else SIZE.validate_python(own)
        yield frame, size, [(name, d.centreline_xy, d.fwhm_px) for name, d in devices.items()]


def _of_labels(content: dict[str, Any], path: Path) -> _Found:
    labels = from_plain(content, quoted(path))
    for frame in labels.frames:
        devices = [(one.label, one.points, one.width) for one in frame.instruments]
        yield f"frame {frame.index}", labels.source.shape, devices


def _of_coco(content: dict[str, Any], path: Path) -> _Found:
    coco = Coco.model_validate(content)
    names = {category.id: category.name for category in coco.categories}
    drawn: dict[int, list[Annotation]] = defaultdict(list)
    for one in coco.annotations:
        if not one.iscrowd:
            if one.centreline is None or one.width is None:
                raise BadDataError(
                    f"{quoted(path)} holds COCO annotations without `centreline` and `width`, so "
                    "no curves: export again, or trace its masks"
                )
            drawn[one.image_id].append(one)
    for image in coco.images:
        devices = [(names.get(d.category_id, ""), d.centreline, d.width) for d in drawn[image.id]]
        yield image.file_name, (image.height, image.width), devices


def _of_csv(path: Path) -> _Found:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = list(reader.fieldnames or ())
            if len(columns) == 1 and ";" in columns[0]:
                raise BadDataError(
                    f"{quoted(path)} is separated by semicolons: save it with commas between the "
                    "columns and points in the numbers"
                )
            lines = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadDataError(f"{quoted(path)} is not a CSV file: {error}") from None
    missing = [name for name in ("device", "x", "y", "width") if name not in columns]
    if missing:
        raise BadDataError(
            f"{quoted(path)} has no column {missing[0]!r}: its columns are device, x, y, width "
            "and, if wanted, frame, frame_height, frame_width"
        )
    grouped: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in ROWS.validate_python([{k: v for k, v in line.items() if v != ""} for line in lines]):
        frame = f"device {row.device}" if row.frame is None else row.frame
        grouped[frame][row.device].append(row)
    for frame, devices in grouped.items():
        first = next(iter(devices.values()))[0]
        height, width = first.frame_height, first.frame_width
        size = None if height is None or width is None else (height, width)
        curves = [
            (name, [(p.x, p.y) for p in points], [p.width for p in points])
            for name, points in devices.items()
        ]
        yield frame, size, curves


def _device(path: Path, frame: str, name: str, points: Any, width: Any, label: str) -> Device:
    where = f"{quoted(path)}: {frame}.{name}"
    centreline = np.asarray(points, np.float32)
    widths = np.asarray(width, np.float32)
    if widths.ndim and len(widths) != len(centreline):
        raise BadDataError(f"{where}: {len(widths)} widths for {len(centreline)} points")
    keep = np.concatenate([[True], np.any(np.diff(centreline, axis=0), axis=1)])
    if keep.sum() < 2:
        raise BadDataError(f"{where}: all points are {centreline[0].tolist()}")
    return Device(
        centreline[keep],
        np.broadcast_to(widths, len(centreline))[keep].copy(),
        re.sub(r"[\s_-]*\d+$", "", name) or label,
        f"{path.name}#{frame}" + (f".{name}" if name else ""),
    )
