"""Devices from centrelines in JSON or CSV files."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Ge, Interval

from fluorosynth.devices.base import DeviceSource
from fluorosynth.devices.frame_sizes import size_beside
from fluorosynth.devices.pool import DevicePool, fit, take_share
from fluorosynth.errors import BadDataError, DataWarning
from fluorosynth.io.guard import quoted
from fluorosynth.io.sources import find_sources
from fluorosynth.labels.curve_files import FrameCurves, read_curves

OUTSIDE = 0.5  # share of the points that lie outside a frame of the right size, at most


@dataclass(frozen=True)
class Polylines(DeviceSource):
    """Centrelines from a JSON or CSV file, or from all of a folder or glob.

    The forms are told apart by what is in the file:

    - label files of this project, and what ``predict``, ``export --to folder`` and ``export --to
      coco`` write;
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
        Height and width in pixels of the frames that the points are in, where the file does not
        say. The longer side is scaled to the opened size, the shorter one centred.
    label
        Label of devices whose name or file gives none.
    skip_bad
        Whether files that cannot be used are left out, with a ``DataWarning``; otherwise the first
        one is refused by name.
    """

    path: Path
    share: Annotated[float, Interval(gt=0, le=1)] = 1.0
    frame_size: tuple[Annotated[int, Ge(1)], Annotated[int, Ge(1)]] | None = None
    label: str = "catheter"
    skip_bad: bool = False

    def open(self, size: int, seed: int) -> DevicePool:
        """Read all files.

        Parameters
        ----------
        size
            Side of the pictures, px.
        seed
            Seed of the share that is used.

        Raises
        ------
        BadDataError
            Naming the file, the key and the value.
        """
        files = find_sources(self.path, (".json", ".csv"))
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
