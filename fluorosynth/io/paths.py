"""Where instruments lie in pictures, roughly: points in a CSV file."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Interval
from pydantic import BaseModel, FiniteFloat, StringConstraints, TypeAdapter

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import quoted, untrusted, validated
from fluorosynth.sample import Points

MAX_BYTES = 64 * 2**20

Name = Annotated[str, StringConstraints(min_length=1)]
Coordinate = Annotated[FiniteFloat, Interval(ge=-1e6, le=1e6)]


class Point(BaseModel):
    """One line of the file.

    Parameters
    ----------
    file
        Name of the picture.
    instrument
        Name of the instrument in it.
    x
        Column, px of the picture.
    y
        Row, px of the picture.
    """

    file: Name
    instrument: Name
    x: Coordinate
    y: Coordinate


POINTS = TypeAdapter(list[Point])


def read_paths(path: Path) -> dict[str, tuple[Points, ...]]:
    """Read the points of each picture's instruments.

    Parameters
    ----------
    path
        CSV with the columns ``file, instrument, x, y``; a row is a point in pixels of the
        picture, an instrument's rows run from where it enters to its tip.

    Returns
    -------
    dict
        ``{file: ((n, 2) float32, ...)}``; points that repeat count once, instruments of
        one point not at all.

    Raises
    ------
    BadDataError
        Naming the file, the row and the value.
    """
    with untrusted(path):
        if path.stat().st_size > MAX_BYTES:
            raise BadDataError(f"{quoted(path)} is over {MAX_BYTES >> 20} MB: too large for points")
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    missing = [name for name in Point.model_fields if rows and name not in rows[0]]
    if missing or any(None in row for row in rows):
        what = f"has no column {missing[0]!r}" if missing else "has rows of more than 4 values"
        raise BadDataError(
            f"{quoted(path)} {what}: its columns are {', '.join(Point.model_fields)}"
        )
    with validated(quoted(path), table=True):
        points = POINTS.validate_python(rows)
    lines: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for point in points:
        line = lines[point.file, point.instrument]
        if not line or line[-1] != (point.x, point.y):
            line.append((point.x, point.y))
    found: dict[str, tuple[Points, ...]] = {}
    for (name, _), line in lines.items():
        if len(line) > 1:
            found[name] = (*found.get(name, ()), np.array(line, np.float32))
    if not found:
        raise BadDataError(f"{quoted(path)} holds no instrument of two or more points")
    return found
