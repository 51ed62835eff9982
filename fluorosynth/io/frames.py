"""Frames in: one function over PNG, JPEG, TIFF, NumPy arrays, video and DICOM."""

from __future__ import annotations

import glob
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import MAX_FRAMES, MAX_PIXELS, MIN_SIDE, check_count, quoted, untrusted
from fluorosynth.io.pixels import to_uint8

__all__ = [
    "MAX_FRAMES",
    "MAX_PIXELS",
    "MIN_SIDE",
    "Frame",
    "count_frames",
    "find_sources",
    "read_frames",
    "root_of",
    "to_uint8",
]

_READERS = {
    "raster": (".png", ".jpg", ".jpeg"),
    "tiff": (".tif", ".tiff"),
    "array": (".npy",),
    "video": (".avi", ".mp4"),
    "dicom": (".dcm", ".dicom"),
}
_BY_SUFFIX = {suffix: reader for reader, suffixes in _READERS.items() for suffix in suffixes}
_Pixels = tuple[NDArray[np.uint8], NDArray[np.bool_] | None]


class _Reader(Protocol):
    def count(self, path: Path) -> int: ...
    def read(self, path: Path, wanted: Sequence[int]) -> Iterator[_Pixels]: ...


@dataclass(frozen=True)
class Frame:
    """One picture of a file.

    Parameters
    ----------
    image
        ``(H, W)`` uint8, dense material dark when the file says how it is to be shown.
    source
        The file.
    index
        Frame number in the file, from 0.
    field
        ``(H, W)`` bool, True inside the exposed field, or None when the file does not say.
    """

    image: NDArray[np.uint8]
    source: Path
    index: int
    field: NDArray[np.bool_] | None = None


def find_sources(src: str | Path, suffixes: Collection[str] = ()) -> list[Path]:
    """Return the readable files that ``src`` names, sorted.

    Parameters
    ----------
    src
        A file, a folder (searched to any depth; hidden files and those of other formats are
        passed over) or a glob such as ``runs/**/*.dcm``. A path that exists is taken literally,
        whatever characters it holds. DICOM files need no suffix.
    suffixes
        What to take from folders and globs; by default all kinds of frames.

    Raises
    ------
    BadDataError
        When nothing is there, or nothing that can be read.
    """
    path = Path(src)
    try:
        exists = bool(str(src)) and path.exists()
    except (OSError, ValueError) as error:
        raise BadDataError(f"{quoted(src)} cannot be opened: {error}") from None
    if not exists:
        hits = [Path(hit) for hit in glob.glob(str(src), recursive=True)]  # noqa: PTH207 - Path.glob takes no absolute pattern
        if not hits:
            raise BadDataError(f"{quoted(src)} does not exist")
        found = sorted({file for hit in hits for file in _files(hit)})
    else:
        found = sorted(_files(path))
    if suffixes:
        sources = [file for file in found if file == path or file.suffix.lower() in suffixes]
    else:
        sources = [file for file in found if _reader_name(file)]
    if not sources:
        raise BadDataError(f"{quoted(src)} {_why_nothing(path, found, suffixes or _BY_SUFFIX)}")
    return sources


def root_of(src: str | Path) -> Path:
    """Return the folder that the files of ``src`` are named relative to."""
    if Path(src).is_dir():
        return Path(src)
    return Path(os.path.commonpath([path.parent for path in find_sources(src)]))


def count_frames(path: str | Path) -> int:
    """Return how many frames the header of ``path`` claims (BadDataError if unreadable)."""
    path = Path(path)
    with untrusted(path):
        frames = _reader(path).count(path)
    check_count(path, frames)
    return frames


def read_frames(path: str | Path, wanted: Sequence[int] | None = None) -> Iterator[Frame]:
    """Yield the frames of one file, decoding one at a time.

    Parameters
    ----------
    path
        A file of any supported format.
    wanted
        Frame numbers in ascending order; all by default. Ones past the end are BadDataError,
        except in a video, whose header only estimates its length.

    Raises
    ------
    BadDataError
        When the file is missing, broken, too small, or too large to decode.
    MissingExtraError
        When it is a DICOM file and pydicom or the decoder for its transfer syntax is absent.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/run.npy", np.zeros((3, 32, 48), np.uint8))
    ...     [(frame.index, frame.image.shape) for frame in read_frames(f"{folder}/run.npy")]
    [(0, (32, 48)), (1, (32, 48)), (2, (32, 48))]
    """
    path = Path(path)
    indices = range(count_frames(path)) if wanted is None else wanted
    with untrusted(path):
        pixels = _reader(path).read(path, indices)
    for index in indices:
        with untrusted(path):
            image, field = next(pixels, (None, None))
        if image is None:
            return
        yield Frame(image, path, index, field)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = []
    for folder, subfolders, names in os.walk(path):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        found += [Path(folder, name) for name in names if not name.startswith(".")]
    return found


def _why_nothing(path: Path, found: list[Path], readable: Collection[str]) -> str:
    if path.is_dir() and not found:
        return "holds no files"
    return f"holds nothing that can be read; readable are {', '.join(readable)}"


def _reader_name(path: Path) -> str | None:
    if known := _BY_SUFFIX.get(path.suffix.lower()):
        return known
    # Exported DICOM files often carry no suffix, or the tail of a UID.
    if path.name != "DICOMDIR" and path.is_file():
        with untrusted(path), path.open("rb") as file:
            return "dicom" if file.read(132)[128:] == b"DICM" else None
    return None


def _reader(path: Path) -> _Reader:
    if not path.exists():
        raise BadDataError(f"{quoted(path)} does not exist")
    if not path.is_file():
        raise BadDataError(f"{quoted(path)} is not a file")
    name = _reader_name(path)
    if name is None:
        raise BadDataError(f"{quoted(path)} {_why_nothing(path, [path], _BY_SUFFIX)}")
    reader: _Reader = import_module(f"fluorosynth.io.{name}")
    return reader
