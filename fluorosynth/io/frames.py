"""Frames in: one function over PNG, JPEG, TIFF, NumPy arrays, video and DICOM."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import MAX_FRAMES, MAX_PIXELS, MIN_SIDE, check_count, quoted, untrusted
from fluorosynth.io.names import BY_SUFFIX
from fluorosynth.io.pixels import to_uint8
from fluorosynth.io.place import absent
from fluorosynth.io.sources import reader_name, why_nothing

__all__ = [
    "MAX_FRAMES",
    "MAX_PIXELS",
    "MIN_SIDE",
    "Frame",
    "count_frames",
    "frame_rate",
    "frames_together",
    "read_frames",
    "read_view",
    "to_uint8",
]

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
    if reader_name(path) != "dicom":
        return None, None
    with untrusted(path):
        from fluorosynth.io.dicom_view import view_of

        return view_of(path)


def _reader(path: Path) -> _Reader:
    if not path.exists():
        raise BadDataError(absent(path))
    if not path.is_file():
        raise BadDataError(f"{quoted(path)} is not a file")
    name = reader_name(path)
    if name is None:
        raise BadDataError(f"{quoted(path)} {why_nothing(path, [path], BY_SUFFIX)}")
    reader: _Reader = import_module(f"fluorosynth.io.{name}")
    return reader
