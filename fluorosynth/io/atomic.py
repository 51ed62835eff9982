"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fluorosynth.io.place import local


@contextmanager
def replacing(path: Path, sync: bool = True, mark: str = "") -> Iterator[Path]:
    """Give a hidden name beside ``path`` to write to; it takes the place of ``path`` at the end.

    Parameters
    ----------
    path
        Name of the finished file.
    sync
        Whether to wait until the content is on the disk: for what a later run builds upon.
    mark
        Part of the hidden name, where several processes may write the same file at a time.

    Raises
    ------
    OSError
        Naming ``path`` or its folder, never the hidden name, where these are not what they
        should be.
    """
    part = local(path).with_name(f".{path.name}{mark}.part")
    check_place(path)
    try:
        yield part
        if sync:
            with part.open("rb+") as handle:
                os.fsync(handle.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def check_place(path: Path) -> None:
    """Refuse what cannot become a file: before the work whose result it is to hold.

    Parameters
    ----------
    path
        Name of the file.

    Raises
    ------
    OSError
        Naming ``path`` or its folder, where these are not what they should be.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder; name a file", str(path))
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "no such folder; make it first", str(path.parent))


def clear_parts(path: Path) -> None:
    """Remove what killed processes left of ``path`` half done.

    Parameters
    ----------
    path
        Name that the finished file would have.
    """
    for part in path.parent.glob(f".{path.name}*.part"):
        part.unlink(missing_ok=True)
