"""The project's own JSON and CSV forms of centrelines: see ``labels.curve_files``."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from fluorosynth.errors import UsageError
from fluorosynth.formats.mark import Mark
from fluorosynth.io.atomic import replacing
from fluorosynth.io.guard import quoted
from fluorosynth.labels.curve_files import read_curves
from fluorosynth.labels.formats.build import Conversion, build, frame_number, widths
from fluorosynth.labels.model import Labels


def read(path: Path, conversion: Conversion) -> Labels:
    """Read curves; the frames must be named, for they are counted by them.

    Parameters
    ----------
    path
        File or folder.
    conversion
        Meaning of its classes, and what it does not say.
    """
    if conversion.source is None:
        raise UsageError(f"{quoted(path)} does not say which frames there are: name the frames")
    marks = [
        (
            frame_number(frame.name, position, conversion.source),
            Mark(
                device.label,
                device.centreline.astype(float),
                width=tuple(device.width.tolist()),
                id=device.id.rpartition(".")[2] if "." in device.id.rpartition("#")[2] else "",
            ),
        )
        for position, frame in enumerate(read_curves(path))
        for device in frame.devices
    ]
    return build(marks, conversion.source, conversion, quoted(path))


def write(labels: Labels, out: Path) -> None:
    """Write CSV where the name ends so, else the plain JSON form.

    Parameters
    ----------
    labels
        Labels to write.
    out
        File or folder to write.
    """
    plain: list[dict[str, Any]] = [
        {
            "frame": frame.index,
            "frame_size": list(labels.source.shape),
            "label": i.label,
            "points": i.points.round(3).tolist(),
            "width": widths(i),
        }
        for frame in labels.frames
        for i in frame.instruments
    ]
    with replacing(out) as part:
        if out.suffix.lower() != ".csv":
            part.write_text(json.dumps(plain) + "\n", "utf-8")
            return
        with part.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["frame", "frame_height", "frame_width", "device", "x", "y", "width"])
            for frame in labels.frames:
                for i in frame.instruments:
                    points = i.points.astype(float).round(3).tolist()
                    sizes = i.width.astype(float).round(3).tolist()
                    rows.writerows(
                        [frame.index, *labels.source.shape, i.id, x, y, w]
                        for (x, y), w in zip(points, sizes, strict=True)
                    )
