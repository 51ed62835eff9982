"""The files below a folder, linked folders included."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from fluorosynth.errors import DataWarning
from fluorosynth.io.guard import quoted
from fluorosynth.io.names import natural_key

_Identity = tuple[int, int]


def files_below(folder: Path) -> list[Path]:
    """Return the files of a folder, searched to any depth, in natural order.

    Hidden files and folders are passed over. Links to folders are followed, and each folder is
    searched once, whatever leads there: a link to a folder above ends no search, and one to a
    folder beside it doubles no file. A folder that may not be read is passed over with a
    ``DataWarning`` that names it.

    Parameters
    ----------
    folder
        Folder to search.
    """
    files: list[Path] = []
    seen: set[_Identity] = set()
    waiting = [folder]
    while waiting:  # what is really there comes first, so that links do not rename it
        links: list[Path] = []
        for start in waiting:
            _search(start, files, links, seen)
        waiting = sorted(links, key=natural_key)
    return sorted(files, key=natural_key)


def _search(start: Path, files: list[Path], links: list[Path], seen: set[_Identity]) -> None:
    if not _first_time(start, seen):
        return
    for place, subfolders, names in os.walk(start, onerror=_say):
        here = Path(place)
        files += [here / name for name in names if not name.startswith(".")]
        inside = []
        for name in subfolders:
            if name.startswith("."):
                continue
            if (here / name).is_symlink():
                links.append(here / name)
            elif _first_time(here / name, seen):
                inside.append(name)
        subfolders[:] = inside


def _first_time(folder: Path, seen: set[_Identity]) -> bool:
    try:
        state = folder.stat()
    except OSError as error:
        _say(error)
        return False
    identity = state.st_dev, state.st_ino
    new = identity not in seen
    seen.add(identity)
    return new


def _say(error: OSError) -> None:
    warnings.warn(
        f"the folder {quoted(error.filename)} cannot be read ({error.strerror}): passed over",
        DataWarning,
        stacklevel=2,
    )
