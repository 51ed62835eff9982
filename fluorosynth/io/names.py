"""What the names of files say: suffixes, frame numbers, and their order."""

from __future__ import annotations

import re
from pathlib import Path, PurePath

READERS = {
    "raster": (".png", ".jpg", ".jpeg"),
    "tiff": (".tif", ".tiff"),
    "array": (".npy",),
    "video": (".avi", ".mp4"),
    "dicom": (".dcm", ".dicom"),
    "published": (".hdf5",),
    "generated": (".h5",),
}
MASKS = (".png", ".tif", ".tiff", ".jpg", ".jpeg")
BY_SUFFIX = {suffix: reader for reader, suffixes in READERS.items() for suffix in suffixes}
_NUMBER = re.compile(r"([0-9]+)")


def stem(name: str) -> str:
    """Return a name without its suffix, where that is one of a known format.

    The last number of a UID is no suffix, though it follows a dot.

    Parameters
    ----------
    name
        Name of a file, with or without folders.

    Examples
    --------
    >>> stem("run/a.dcm"), stem("run/b.PNG"), stem("run/1.2.840.99.1")
    ('run/a', 'run/b', 'run/1.2.840.99.1')
    """
    suffix = PurePath(name).suffix
    return name[: -len(suffix)] if suffix.lower() in BY_SUFFIX else name


def natural_key(path: Path | str) -> tuple[object, ...]:
    """Return what to sort paths by, so that frame10 comes after frame9.

    Parameters
    ----------
    path
        Path or name to be sorted.

    Examples
    --------
    >>> sorted(["f10.png", "f9.png", "f009.png", "a/f1.png"], key=natural_key)
    ['a/f1.png', 'f009.png', 'f9.png', 'f10.png']
    """
    parts = tuple(_split(part) for part in PurePath(path).parts)
    return parts, str(path)


def _split(text: str) -> tuple[tuple[bool, int, str], ...]:
    """Return words and numbers, comparable with one another: numbers first."""
    pieces = _NUMBER.split(text)
    return tuple(
        (False, int(piece), "") if number % 2 else (True, 0, piece)
        for number, piece in enumerate(pieces)
        if piece
    )
