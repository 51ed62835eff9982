"""Devices from centrelines in JSON or CSV files."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Interval, MinLen
from pydantic import BaseModel, FiniteFloat, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import from_json

from fluorosynth.devices.base import DeviceSource
from fluorosynth.devices.pool import DevicePool, DeviceSet, fit, take_share
from fluorosynth.errors import BadDataError
from fluorosynth.io.frames import find_sources
from fluorosynth.io.guard import first_fault, quoted
from fluorosynth.io.paths import Coordinate
from fluorosynth.labels.file import read_labels
from fluorosynth.labels.model import Labels
from fluorosynth.labels.schema import FORMAT
from fluorosynth.sample import Device

MAX_BYTES = 256 * 2**20  # a million points take about 40 MB of JSON

Curve = Annotated[list[tuple[Coordinate, Coordinate]], MinLen(2)]
Width = Annotated[FiniteFloat, Interval(gt=0, le=1e4)]


class TracedDevice(BaseModel):
    """One device of the traced schema; further keys are ignored."""

    fwhm_px: Width
    centreline_xy: Curve


class PlainDevice(BaseModel):
    """One device of the plain schema; devices of one ``frame`` are drawn together."""

    points: Curve
    width: Width | Annotated[list[Width], MinLen(1)]
    label: str = ""
    frame: str | int | None = None


class Row(BaseModel):
    """One line of a CSV file: a point."""

    device: Annotated[str, StringConstraints(min_length=1)]
    x: Coordinate
    y: Coordinate
    width: Width
    frame: str | None = None


TRACED: TypeAdapter[dict[str, dict[str, TracedDevice]]] = TypeAdapter(
    dict[str, dict[str, TracedDevice]]
)
PLAIN = TypeAdapter(list[PlainDevice])
ROWS = TypeAdapter(list[Row])


@dataclass(frozen=True)
class Polylines(DeviceSource):
    """Centrelines from a JSON or CSV file, or from all of a folder or glob.

    Four forms, told apart by what is in the file:

    - a label file (``docs/labels.md``), which states the size of its frames too;
    - traced: ``{"frame 1": {"catheter_0": {"fwhm_px": 6.5, "centreline_xy": [[x, y], ...]}}}``;
    - plain: ``[{"points": [[x, y], ...], "width": 6.5, "label": "catheter", "frame": 1}]``, with
      one width or one per point; label and frame may be left out;
    - CSV with the columns ``device, x, y, width`` and, if wanted, ``frame``; a row is a point.

    The devices of one frame are drawn together; a plain or CSV device without a frame is a
    picture of its own. Points run from entry to tip. The label is the device's name less its
    trailing number (``catheter_0`` is a catheter).

    Parameters
    ----------
    path
        File, folder (any depth) or glob.
    share
        Share of the frames to use, drawn once per dataset from its seed (at least one frame).
    frame_size
        (height, width) in pixels of the frames that the points are in: only label files state
        it. The longer side is scaled to the opened size, the shorter one centred.
    label
        For devices whose name or file gives none.
    """

    path: Path
    share: Annotated[float, Interval(gt=0, le=1)] = 1.0
    frame_size: tuple[Annotated[int, Ge(1)], Annotated[int, Ge(1)]] = (512, 512)
    label: str = "catheter"

    def open(self, size: int, seed: int) -> DevicePool:
        """Read all files; BadDataError names the file, the key and the value."""
        files = find_sources(self.path, (".json", ".csv"))
        sets: list[tuple[DeviceSet, tuple[int, int]]] = []
        for file in files:
            labels = _labels(file)
            if labels is None:
                sets += [(s, self.frame_size) for s in read_polylines(file, self.label)]
            else:
                sets += [(s, labels.source.shape) for s in _labelled(file, labels)]
        chosen = take_share(sets, self.share, seed)
        return DevicePool([fit(devices, frame_size, size) for devices, frame_size in chosen])


def read_polylines(path: Path, label: str = "catheter") -> list[DeviceSet]:
    """Read one file: a set of devices per frame, in the file's own pixels.

    Raises BadDataError naming file, key and value.
    """
    sets = list(read_curves(path, label).values())
    if not sets:
        raise BadDataError(f"{quoted(path)} holds no centreline")
    return sets


def read_curves(path: Path, label: str = "catheter") -> dict[str, DeviceSet]:
    """Read the devices of each frame that has some, by the frame's name in the file."""
    if not path.is_file():
        raise BadDataError(f"{quoted(path)} is not a file")
    if path.stat().st_size > MAX_BYTES:
        raise BadDataError(
            f"{quoted(path)} is over {MAX_BYTES >> 20} MB: too large for centrelines"
        )
    table = path.suffix.lower() == ".csv"
    try:
        frames = _read_csv(path) if table else _read_json(path)
        return {
            frame: tuple(_device(path, frame, *device, label) for device in devices)
            for frame, devices in frames.items()
            if devices
        }
    except ValidationError as error:
        raise BadDataError(f"{quoted(path)}: {first_fault(error, table)}") from None


def _labels(path: Path) -> Labels | None:
    """Return what a label file holds; None for a file of another form."""
    if path.suffix.lower() != ".json" or not path.is_file():
        return None
    with path.open("rb") as file:
        if FORMAT.encode() not in file.read(4096):
            return None
    return read_labels(path)


def _labelled(path: Path, labels: Labels) -> list[DeviceSet]:
    """Return the instruments of each frame of a label file that has some."""
    sets = [
        tuple(replace(i.device, id=f"{path.name}#{frame.index}.{i.id}") for i in frame.instruments)
        for frame in labels.frames
        if frame.instruments
    ]
    if not sets:
        raise BadDataError(f"{quoted(path)} holds no centreline")
    return sets


Curves = dict[str, list[tuple[str, Any, Any]]]  # frame -> (device, points, width)


def _read_json(path: Path) -> Curves:
    try:
        content = from_json(path.read_bytes())
    except ValueError as error:
        raise BadDataError(f"{quoted(path)} is not valid JSON: {error}") from None
    if isinstance(content, list):
        curves: Curves = defaultdict(list)
        for i, plain in enumerate(PLAIN.validate_python(content)):
            frame = f"device {i}" if plain.frame is None else str(plain.frame)
            curves[frame].append((plain.label, plain.points, plain.width))
        return curves
    return {
        frame: [(name, d.centreline_xy, d.fwhm_px) for name, d in devices.items()]
        for frame, devices in TRACED.validate_python(content).items()
    }


def _read_csv(path: Path) -> Curves:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = ROWS.validate_python(list(csv.DictReader(file)))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadDataError(f"{quoted(path)} is not a CSV file: {error}") from None
    grouped: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        frame = f"device {row.device}" if row.frame is None else row.frame
        grouped[frame, row.device].append(row)
    curves: Curves = defaultdict(list)
    for (frame, device), points in grouped.items():
        curves[frame].append((device, [(p.x, p.y) for p in points], [p.width for p in points]))
    return curves


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
