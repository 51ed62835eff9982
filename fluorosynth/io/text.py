"""Text files of annotations, read with a limit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import quoted

MAX_BYTES = 2**30


def read_text(path: Path) -> str:
    """Return the text of a file, UTF-8.

    Parameters
    ----------
    path
        File of text.

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
        File of JSON.

    Raises
    ------
    BadDataError
        When it is none.
    """
    try:
        return json.loads(read_text(path))
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadDataError(f"{quoted(path)} is not valid JSON: {error}") from None
