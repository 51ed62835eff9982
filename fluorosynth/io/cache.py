"""What is dear to make and kept on disk for the next run."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import quoted


def cache_folder(given: Path | None = None) -> Path:
    """Return where pools are kept, as the XDG base directory specification has it.

    The folder ``given``; else ``$FLUOROSYNTH_CACHE``; else ``fluorosynth`` in
    ``$XDG_CACHE_HOME``, which is ``~/.cache`` when unset. It may be deleted at any time.

    Parameters
    ----------
    given
        Folder to use in place of all others; None: the next that is set.

    Examples
    --------
    >>> cache_folder(Path("here")).name
    'here'
    """
    if given is not None:
        return Path(given)
    if own := os.environ.get("FLUOROSYNTH_CACHE"):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    # The specification says that relative paths are to be ignored
    root = Path(base) if base and Path(base).is_absolute() else Path("~/.cache").expanduser()
    return root / "fluorosynth"


def get_or_make(
    folder: Path, name: str, shape: tuple[int, ...], make: Callable[[], NDArray[np.uint8]]
) -> NDArray[np.uint8]:
    """Return an array of the cache, or make it and keep it there.

    Two processes may do so at a time: each writes a file of its own, which takes the name once it
    is whole. A file that is broken, or not of ``shape``, is made again.

    Parameters
    ----------
    folder
        Folder of the cache, made where it is missing.
    name
        Name of the file in it, a digest of what the array depends on.
    shape
        Shape of the array, uint8.
    make
        Function that makes the array where it is not there.

    Raises
    ------
    BadDataError
        When the folder cannot be written; before anything is made.
    """
    path = folder / name
    found = _load(path, shape)
    if found is not None:
        return found
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as file:
            part = Path(file.name)
            try:
                made = make()
                np.save(file, made, allow_pickle=False)
                file.flush()
                os.fsync(file.fileno())
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
    except OSError as error:  # what make() reads raises BadDataError
        raise BadDataError(
            f"the cache {quoted(folder)} cannot be written: {error.strerror or error}; name "
            "another by the key 'cache' or FLUOROSYNTH_CACHE"
        ) from None
    return made


def _load(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8] | None:
    if not path.is_file() or path.stat().st_size > np.prod(shape) + 4096:
        return None
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return found if found.shape == shape and found.dtype == np.uint8 else None
