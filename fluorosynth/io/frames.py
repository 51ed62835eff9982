"""Frames in: one function over PNG, JPEG, TIFF, NumPy arrays, video and DICOM."""

from __future__ import annotations

import glob
import os
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError, DataWarning
from fluorosynth.io.guard import MAX_FRAMES, MAX_PIXELS, MIN_SIDE, check_count, quoted, untrusted
from fluorosynth.io.names import BY_SUFFIX, MASKS, natural_key
from fluorosynth.io.pairing import frames_among, masks_among
from fluorosynth.io.pixels import to_uint8
from fluorosynth.io.walk import files_below

__all__ = [
    "MAX_FRAMES",
    "MAX_PIXELS",
    "MIN_SIDE",
    "Frame",
    "count_frames",
    "find_masks",
    "find_sources",
    "frame_rate",
    "frames_together",
    "read_frames",
    "read_view",
    "root_of",
    "to_uint8",
]

SHARD = "shard-"  # how the files of a generated set begin
MAX_RATE = 1000.0  # frames a second: what claims more is not to be believed

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
        Picture, ``(H, W)`` uint8, dense material dark when the file says how it is to be shown.
    source
        File that it was read from.
    index
        Frame number in the file, from 0.
    field
        Exposed field, ``(H, W)`` bool, True inside, or None when the file does not say.
    """

    image: NDArray[np.uint8]
    source: Path
    index: int
    field: NDArray[np.bool_] | None = None


def find_sources(
    src: str | Path, suffixes: Collection[str] = (), masks: Path | None = None
) -> list[Path]:
    """Return the files of frames that ``src`` names, in natural order (frame10 after frame9).

    Parameters
    ----------
    src
        File, folder (searched to any depth, linked folders too) or glob such as
        ``runs/**/*.dcm``. A path that exists is taken literally, whatever characters it holds.
        DICOM files need no suffix; a generated set's are ``shard-*.h5``. Of folders and globs,
        hidden files, those of other formats, masks and what is written beside them are passed over;
        with a ``DataWarning``, also DICOM that is no image (a dose report) and files without suffix
        that may not be read.
    suffixes
        Suffixes to take from folders and globs, whatever the files are; by default those of all
        kinds of frames.
    masks
        Folder of masks: no frames lie in it.

    Raises
    ------
    BadDataError
        When nothing is there, or nothing that can be read.
    """
    path, found = Path(src), _found(src)
    if suffixes:
        sources = [file for file in found if file == path or file.suffix.lower() in suffixes]
    elif found == [path]:
        sources = [path] if _reader_name(path) else []
    else:
        sources = _frames(frames_among(found, _root(path, found), masks))
    if not sources:
        raise BadDataError(f"{quoted(src)} {_why_nothing(path, found, suffixes or BY_SUFFIX)}")
    return sources


def find_masks(src: str | Path) -> list[Path]:
    """Return the masks, or published label files, that a source names, in natural order.

    Of a folder or glob that holds frames as well, the masks: ``NAME_mask.png``, what lies in a
    folder ``masks`` or nnU-Net's ``labelsTr``; else all.

    Parameters
    ----------
    src
        File, folder or glob.

    Raises
    ------
    BadDataError
        When nothing is there.
    """
    path, found = Path(src), _found(src)
    usable = [f for f in found if f == path or f.suffix.lower() in (*MASKS, ".hdf5")]
    masks = usable if found == [path] else masks_among(usable, _root(path, found))
    if not masks:
        raise BadDataError(f"{quoted(src)} {_why_nothing(path, found, MASKS)}")
    return masks


def root_of(src: str | Path) -> Path:
    """Return the folder that the files of a source are named relative to.

    Parameters
    ----------
    src
        File, folder or glob.
    """
    path = Path(src)
    return path if path.is_dir() else _root(path, find_sources(src))


def count_frames(path: str | Path) -> int:
    """Return how many frames the header of a file claims.

    Parameters
    ----------
    path
        File of any known format.

    Raises
    ------
    BadDataError
        When it cannot be read.
    """
    path = Path(path)
    with untrusted(path):
        frames = _reader(path).count(path)
    check_count(path, frames)
    return frames


def frame_rate(path: str | Path) -> float | None:
    """Return how many frames a second a file of frames was taken at, where it says so.

    Parameters
    ----------
    path
        File of any known format.

    Raises
    ------
    BadDataError
        When it cannot be read.
    """
    path = Path(path)
    with untrusted(path):
        rate: Callable[[Path], float | None] = getattr(_reader(path), "rate", lambda _: None)
        found = rate(path)
    return found if found is not None and 0 < found <= MAX_RATE else None


def frames_together(path: str | Path) -> int:
    """Return how many frames in a row of a file follow one another; then the next ones begin.

    Those of a film do throughout, those of a generated set by its sequences: pictures on their own
    are sequences of one.

    Parameters
    ----------
    path
        File of any known format.

    Raises
    ------
    BadDataError
        When it cannot be read.
    """
    path = Path(path)
    with untrusted(path):
        together: Callable[[Path], int] | None = getattr(_reader(path), "together", None)
        return count_frames(path) if together is None else together(path)


def read_frames(
    path: str | Path, wanted: Sequence[int] | None = None, invert: bool = False
) -> Iterator[Frame]:
    """Yield the frames of one file, decoding one at a time.

    Parameters
    ----------
    path
        File of any supported format.
    wanted
        Frame numbers in ascending order; all by default. Ones past the end are BadDataError,
        except in a video, whose header only estimates its length.
    invert
        Whether dense material is bright in the file, so that grey values are turned round.

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
        yield Frame(255 - image if invert else image, path, index, field)


def read_view(path: str | Path) -> tuple[float | None, float | None]:
    """Return the millimetres per pixel, at the patient, and the kilovolts that a file states.

    Parameters
    ----------
    path
        File of any supported format; only DICOM says so.

    Returns
    -------
    Both numbers, each None where the file does not state it.

    Raises
    ------
    BadDataError
        When it cannot be read.
    """
    path = Path(path)
    if _reader_name(path) != "dicom":
        return None, None
    with untrusted(path):
        from fluorosynth.io.dicom_view import view_of

        return view_of(path)


def _found(src: str | Path) -> list[Path]:
    """Return all files that ``src`` names; BadDataError where there is nothing of that name."""
    path = Path(src)
    try:
        exists = bool(str(src)) and path.exists()
    except (OSError, ValueError) as error:
        raise BadDataError(f"{quoted(src)} cannot be opened: {error}") from None
    if exists:
        return files_below(path) if path.is_dir() else [path]
    hits = [Path(hit) for hit in glob.glob(str(src), recursive=True)]  # noqa: PTH207 - Path.glob takes no absolute pattern
    if not hits:
        raise BadDataError(f"{quoted(src)} does not exist")
    files = {file for hit in hits for file in (files_below(hit) if hit.is_dir() else [hit])}
    return sorted(files, key=natural_key)


def _root(path: Path, files: Sequence[Path]) -> Path:
    if path.is_dir() or not files:
        return path
    return Path(os.path.commonpath([file.parent for file in files]))


def _why_nothing(path: Path, found: list[Path], readable: Collection[str]) -> str:
    if path.is_dir() and not found:
        return "holds no files"
    return f"holds nothing that can be read; readable are {', '.join(readable)}"


def _frames(files: list[Path]) -> list[Path]:
    """Return the files of a folder that are of a readable format; say which DICOM is no image."""
    frames, passed = [], list[str]()
    for file in files:
        try:
            name = _reader_name(file)
        except BadDataError as error:  # no suffix, so nothing says that it is a frame
            passed.append(str(error))
            continue
        if name == "generated" and not file.name.startswith(SHARD):
            continue  # other programs' files end so, too
        if name == "dicom" and (what := _other_dicom(file)):
            passed.append(f"{quoted(file)} is a DICOM {what}, no image")
        elif name is not None:
            frames.append(file)
    if passed:
        more = f", and {len(passed) - 1} more files" if len(passed) > 1 else ""
        warnings.warn(f"passed over: {passed[0]}{more}", DataWarning, stacklevel=3)
    return frames


def _other_dicom(path: Path) -> str:
    """Return what a DICOM file is by its class where that has no pixels, else nothing."""
    try:
        reader = import_module("fluorosynth.io.dicom_class")
        other: str = reader.without_pixels(path)
    except (ImportError, BadDataError):  # reading it will say so
        return ""
    return other


def _reader_name(path: Path) -> str | None:
    if known := BY_SUFFIX.get(path.suffix.lower()):
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
        raise BadDataError(f"{quoted(path)} {_why_nothing(path, [path], BY_SUFFIX)}")
    reader: _Reader = import_module(f"fluorosynth.io.{name}")
    return reader
