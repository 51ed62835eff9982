"""``patches.csv``: where each patch of a folder was cut, one line each.

A patch is struck out by deleting its line.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from pathlib import Path, PurePosixPath

from fluorosynth.errors import BadDataError
from fluorosynth.patches.windows import Window

NAME = "patches.csv"
COLUMNS = ["file", "source", "frame", "x", "y", "width", "height", "score"]


def manifest_text(windows: Mapping[str, Window]) -> str:
    """Return the manifest of a set of patches as CSV.

    Parameters
    ----------
    windows
        Windows by the name of the patch's file.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for file, window in windows.items():
        *where, score = astuple(window)
        writer.writerow([file, *where, f"{score:.3f}"])
    return text.getvalue()


def read_manifest(path: Path) -> dict[str, Window]:
    """Return the windows of a manifest by file name, in its order.

    Parameters
    ----------
    path
        File of the manifest.

    Raises
    ------
    BadDataError
        Naming the file, the line and the value.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if reader.fieldnames != COLUMNS:
                raise BadDataError(f"{path} must begin with the line {','.join(COLUMNS)}")
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadDataError(f"{path} cannot be read: {error}") from None
    windows: dict[str, Window] = {}
    for line, row in rows:
        file_name, window = _window(row, f"{path}, line {line}")
        if file_name in windows:
            raise BadDataError(f"{path}, line {line}: {file_name!r} is listed twice")
        windows[file_name] = window
    return windows


def _window(row: Mapping[str, str], where: str) -> tuple[str, Window]:
    try:
        numbers = [int(row[column]) for column in COLUMNS[2:7]]
        frame, x, y, width, height = numbers
        window = Window(row["source"], frame, x, y, width, height, float(row["score"]))
    except (TypeError, ValueError):
        raise BadDataError(f"{where}: not a patch: {list(row.values())}") from None
    source = PurePosixPath(window.source)
    if PurePosixPath(row["file"]).name != row["file"] or "\\" in row["file"]:
        raise BadDataError(f"{where}: {row['file']!r} must be a plain file name")
    if source.is_absolute() or ".." in source.parts or not source.parts:
        raise BadDataError(f"{where}: {window.source!r} must be a path below the data folder")
    if min(numbers[:3]) < 0 or min(numbers[3:]) < 1:
        raise BadDataError(f"{where}: no rectangle: {numbers}")
    return row["file"], window


def file_names(count: int) -> Sequence[str]:
    """Return the names of a new set of patches: ``0000.png`` and on.

    Parameters
    ----------
    count
        Number of patches.
    """
    return [f"{number:04d}.png" for number in range(count)]
