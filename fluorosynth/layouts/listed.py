"""Annotations in text files: read with limits, and pictures found by the names in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fluorosynth.errors import BadDataError, FluorosynthError
from fluorosynth.io.guard import quoted

MAX_BYTES = 2**30


def read_text(path: Path) -> str:
    """Return the text of a file of annotations.

    Parameters
    ----------
    path
        File of annotations.

    Raises
    ------
    BadDataError
        When it cannot be read.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadDataError(f"{quoted(path)} is over {MAX_BYTES >> 20} MiB: too large")
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadDataError(f"{quoted(path)} cannot be read: {error}") from None


def read_json(path: Path) -> Any:
    """Return what a JSON file holds.

    Parameters
    ----------
    path
        File of annotations.

    Raises
    ------
    BadDataError
        When it is none.
    """
    try:
        return json.loads(read_text(path))
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadDataError(f"{quoted(path)} is not valid JSON: {error}") from None


def inside(root: Path, name: str, path: Path) -> Path:
    """Return a file below a folder.

    Parameters
    ----------
    root
        Folder of the pictures.
    name
        Name in the annotations.
    path
        File of annotations, for the message.

    Raises
    ------
    BadDataError
        For one that leaves the folder.
    """
    found = root / name
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise BadDataError(f"{quoted(path)} names {name!r}, which lies outside the set")
    if not found.is_file():
        raise BadDataError(f"{quoted(path)} names {name!r}, which is not in {quoted(root)}")
    return found


@contextmanager
def of_form(path: Path) -> Iterator[None]:
    """Turn what goes wrong with the content of a file into a BadDataError that names it.

    Parameters
    ----------
    path
        File that is read meanwhile.
    """
    try:
        yield
    except FluorosynthError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadDataError(f"{quoted(path)} is not of the form that this layout has") from None
