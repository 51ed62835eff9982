"""Folders of files that may be made again: within a bound, those used longest ago give way."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from fluorosynth.errors import UsageError


def bound(variable: str, megabytes: int) -> int:
    """Return how many bytes a folder may take.

    Parameters
    ----------
    variable
        Name of the environment variable that says how many MB.
    megabytes
        Number where it is not set, or empty.

    Raises
    ------
    UsageError
        When the variable is no number.
    """
    given = os.environ.get(variable) or str(megabytes)
    if not given.isdecimal():
        raise UsageError(f"{variable} should be a number of MB, not {given!r}")
    return int(given) * 10**6


def make_room(
    files: Iterable[Path], limit: int, keep: Path | None = None, spared: float = 0.0
) -> None:
    """Delete the files that were not used for longest, until the rest fits.

    Parameters
    ----------
    files
        Files of the folder.
    limit
        Number of bytes that may stay.
    keep
        File that stays in any case.
    spared
        Seconds after its use in which a file stays.
    """
    found, now = [], time.time()
    for path in files:
        with suppress(OSError):  # another process was faster
            state = path.stat()
            found.append((state.st_mtime, state.st_size, path))
    total = sum(size for _, size, _ in found)
    for used, size, path in sorted(found):
        if total <= limit or now - used < spared:
            return
        if path != keep:
            with suppress(OSError):  # in use, on Windows
                path.unlink()
            total -= size
