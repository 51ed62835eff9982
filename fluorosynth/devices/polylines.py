"""Devices from centrelines in JSON or CSV files."""

from __future__ import annotations

<<<<<<< HEAD
import csv
import re
from collections import defaultdict
from dataclasses import dataclass, replace
=======
import warnings
from dataclasses import dataclass
>>>>>>> e3b85d3 (What one command writes every other reads: exports, predictions, the published files; curves know their frame; COCO ids by class)
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Ge, Interval

from fluorosynth.devices.base import DeviceSource
from fluorosynth.devices.curve_files import FrameCurves, read_curves
from fluorosynth.devices.frame_sizes import size_beside
from fluorosynth.devices.pool import DevicePool, DeviceSet, fit, take_share
from fluorosynth.errors import BadDataError, DataWarning
from fluorosynth.io.frames import find_sources
<<<<<<< HEAD
from fluorosynth.io.guard import first_fault, quoted
from fluorosynth.io.paths import Coordinate
from fluorosynth.labels.file import read_labels
from fluorosynth.labels.model import Labels
from fluorosynth.labels.schema import FORMAT
from fluorosynth.sample import Device
=======
from fluorosynth.io.guard import quoted
>>>>>>> e3b85d3 (What one command writes every other reads: exports, predictions, the published files; curves know their frame; COCO ids by class)

OUTSIDE = 0.5  # share of the points that lie outside a frame of the right size, at most


@dataclass(frozen=True)
class Polylines(DeviceSource):
    """Centrelines from a JSON or CSV file, or from all of a folder or glob.

<<<<<<< HEAD
    Four forms, told apart by what is in the file:

    - a label file (``docs/labels.md``), which states the size of its frames too;
=======
    The forms are told apart by what is in the file:

    - label files of this project, and what ``predict``, ``export --to folder`` and ``export --to
      coco`` write;
>>>>>>> e3b85d3 (What one command writes every other reads: exports, predictions, the published files; curves know their frame; COCO ids by class)
    - traced: ``{"frame 1": {"catheter_0": {"fwhm_px": 6.5, "centreline_xy": [[x, y], ...]}}}``;
    - plain: ``[{"points": [[x, y], ...], "width": 6.5, "label": "catheter", "frame": 1}]``, with
      one width or one per point; label and frame may be left out;
    - CSV with the columns ``device, x, y, width`` and, if wanted, ``frame``; a row is a point.

    The size of the frames that the points are in stands in the file: ``"frame_size": [height,
    width]`` at each device, in each traced frame or once for all of them; in CSV the columns
    ``frame_height, frame_width``. Where it does not, the field ``frame_size`` counts, else the
    pictures beside the file.

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
<<<<<<< HEAD
        (height, width) in pixels of the frames that the points are in: only label files state
        it. The longer side is scaled to the opened size, the shorter one centred.
=======
        (height, width) in pixels of the frames that the points are in, where the file does not
        say. The longer side is scaled to the opened size, the shorter one centred.
>>>>>>> e3b85d3 (What one command writes every other reads: exports, predictions, the published files; curves know their frame; COCO ids by class)
    label
        For devices whose name or file gives none.
    skip_bad
        Leave out files that cannot be used, with a ``DataWarning``; otherwise the first one is
        refused by name.
    """

    path: Path
    share: Annotated[float, Interval(gt=0, le=1)] = 1.0
    frame_size: tuple[Annotated[int, Ge(1)], Annotated[int, Ge(1)]] | None = None
    label: str = "catheter"
    skip_bad: bool = False

    def open(self, size: int, seed: int) -> DevicePool:
        """Read all files; BadDataError names the file, the key and the value."""
        files = find_sources(self.path, (".json", ".csv"))
<<<<<<< HEAD
        sets: list[tuple[DeviceSet, tuple[int, int]]] = []
        for file in files:
            labels = _labels(file)
            if labels is None:
                sets += [(s, self.frame_size) for s in read_polylines(file, self.label)]
            else:
                sets += [(s, labels.source.shape) for s in _labelled(file, labels)]
        chosen = take_share(sets, self.share, seed)
        return DevicePool([fit(devices, frame_size, size) for devices, frame_size in chosen])
=======
        sets = [(file, frame) for file in files for frame in self._frames(file)]
        if not sets:
            raise BadDataError(f"{quoted(self.path)} holds no centreline")
        chosen = take_share(sets, self.share, seed)
        return DevicePool(
            [fit(frame.devices, self._frame_size(file, frame), size) for file, frame in chosen]
        )

    def _frames(self, file: Path) -> list[FrameCurves]:
        try:
            return read_curves(file, self.label)
        except BadDataError as error:
            if not self.skip_bad:
                raise
            warnings.warn(f"left out: {error}", DataWarning, stacklevel=3)
            return []

    def _frame_size(self, file: Path, frame: FrameCurves) -> tuple[int, int]:
        size = frame.size or self.frame_size or size_beside(file, frame.name)
        if size is None:
            raise BadDataError(
                f"{quoted(file)} does not say how large the frames are that its points are in: "
                "write it into the file, lay it beside the pictures, or give `frame_size`"
            )
        points = np.concatenate([device.centreline for device in frame.devices])
        inside = ((points >= -0.5) & (points < np.array(size[::-1]) - 0.5)).all(1)
        if frame.size is None and np.mean(~inside) > OUTSIDE:
            height, width = size
            raise BadDataError(
                f"{quoted(file)}: most points of {frame.name!r} lie outside a frame of {width} x "
                f"{height} pixels: give the `frame_size` that they were drawn in"
            )
        return size
>>>>>>> e3b85d3 (What one command writes every other reads: exports, predictions, the published files; curves know their frame; COCO ids by class)


def read_polylines(path: Path, label: str = "catheter") -> list[DeviceSet]:
    """Read one file: a set of devices per frame, in the file's own pixels.

    Raises BadDataError naming file, key and value.
    """
<<<<<<< HEAD
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
=======
    frames = read_curves(path, label)
    if not frames:
>>>>>>> e3b85d3 (What one command writes every other reads: exports, predictions, the published files; curves know their frame; COCO ids by class)
        raise BadDataError(f"{quoted(path)} holds no centreline")
    return [frame.devices for frame in frames]
