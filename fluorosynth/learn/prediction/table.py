"""``predictions.csv``: what was found in each frame, one line per instrument."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from fluorosynth.io.atomic import replacing

TABLE = "predictions.csv"
COLUMNS = [
    "file",
    "frame",
    "frame_height",
    "frame_width",
    "presence",
    "instruments",
    "instrument",
    "label",
    "confidence",
    "length",
    "tip_x",
    "tip_y",
]


def summary(curve: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the table says of a curve: its number, label, confidence, length and tip.

    Parameters
    ----------
    curve
        Curve as ``centrelines`` returns it.

    Examples
    --------
    >>> curve = {"instrument": 0, "label": "catheter", "confidence": 0.9, "tip": None}
    >>> summary(curve | {"points": [[0, 0], [3, 4], [3, 10]]})["length"]
    11.0
    """
    points = curve["points"]
    length = sum(math.dist(*pair) for pair in pairwise(points))
    kept = {key: curve[key] for key in ("instrument", "label", "confidence", "tip")}
    return {**kept, "length": round(length, 1)}


def write_table(out: Path, names: Iterable[tuple[str, str]]) -> None:
    """Write the table of all files that are complete.

    A frame has one line for each of its instruments, or one line without any. Lengths and tips are
    in pixels of the frame, whose size stands beside them.

    Parameters
    ----------
    out
        Folder of the prediction, with ``frames/NAME.json``.
    names
        Pairs of a file's place below the source and its NAME.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for file, name in names:
        rows = json.loads((out / "frames" / f"{name}.json").read_text("utf-8"))
        writer.writerows({"file": file, **line} for row in rows for line in _lines(row))
    with replacing(out / TABLE, sync=False) as part:
        part.write_text(text.getvalue(), "utf-8", newline="")


def _lines(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    height, width = row["frame_size"]
    frame = {
        "frame": row["frame"],
        "frame_height": height,
        "frame_width": width,
        "presence": "" if row["presence"] is None else row["presence"],
        "instruments": len(row["instruments"]),
    }
    for one in row["instruments"]:
        x, y = one["tip"] or ("", "")
        own = {key: one[key] for key in ("instrument", "label", "confidence", "length")}
        yield {**frame, **own, "tip_x": x, "tip_y": y}
    if not row["instruments"]:
        yield frame
