"""``predictions.csv``: what was found in each frame, one line per instrument."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter

from fluorosynth.io.atomic import replacing
from fluorosynth.io.guard import validated
from fluorosynth.io.text import read_json

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

Number = int | float  # as it was written: another would be another text in the table


class Instrument(BaseModel):
    """What the table says of a curve.

    Parameters
    ----------
    instrument
        Number of the curve in its file.
    label
        Kind of instrument.
    confidence
        Mean of the map along the curve.
    length
        Length, px of the frame.
    tip
        Tip ``(x, y)``, px of the frame; None: it lies outside.
    """

    instrument: int
    label: str
    confidence: Number
    length: Number
    tip: tuple[Number, Number] | None


class Row(BaseModel):
    """What was found in a frame.

    Parameters
    ----------
    frame
        Number of the frame.
    frame_size
        Height and width, px.
    presence
        Probability of an instrument; None: the network gives none.
    pixels
        Number of pixels in the mask.
    instruments
        Curves in the frame.
    """

    frame: int
    frame_size: tuple[int, int]
    presence: Number | None
    pixels: int
    instruments: list[Instrument]


ROWS = TypeAdapter(list[Row])


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
        for row in read_rows(out, name):
            writer.writerows({"file": file, **line} for line in _lines(row))
    with replacing(out / TABLE, sync=False) as part:
        part.write_text(text.getvalue(), "utf-8", newline="")


def read_rows(out: Path, name: str) -> list[Row]:
    """Return what was found in the frames of a file.

    Parameters
    ----------
    out
        Folder of the prediction.
    name
        NAME of the file in it.

    Raises
    ------
    BadDataError
        When ``frames/NAME.json`` is missing or damaged.
    """
    path = out / "frames" / f"{name}.json"
    plain = read_json(path)
    with validated(str(path)):
        return ROWS.validate_python(plain)


def _lines(row: Row) -> Iterator[dict[str, Any]]:
    height, width = row.frame_size
    frame = {
        "frame": row.frame,
        "frame_height": height,
        "frame_width": width,
        "presence": "" if row.presence is None else row.presence,
        "instruments": len(row.instruments),
    }
    for one in row.instruments:
        x, y = one.tip or ("", "")
        yield {**frame, **one.model_dump(exclude={"tip"}), "tip_x": x, "tip_y": y}
    if not row.instruments:
        yield frame
