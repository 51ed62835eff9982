"""What stands between an untrusted file and memory: limits, and one sentence for any failure."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from fluorosynth.core.check import fault
from fluorosynth.errors import BadDataError, DataWarning, FluorosynthError

MAX_PIXELS = 2**26  # per frame; a 16-bit 8192 x 8192 detector still fits
MAX_FRAMES = 2**16  # per file; an hour at 15 frames/s is 54,000
MIN_SIDE = 16  # below this there is nothing to see


def quoted(path: Path | str) -> str:
    """Return a path quoted on one line, whatever characters it holds.

    Parameters
    ----------
    path
        Path or name to be quoted.
    """
    return repr(str(path))


@contextmanager
def validated(where: str, table: bool = False) -> Iterator[None]:
    """Turn the first value that pydantic refuses into one sentence: its place, what it should be.

    Parameters
    ----------
    where
        Name of what is read, for the message.
    table
        Whether what is validated is a list of rows, which people count from 1.

    Raises
    ------
    BadDataError
        Naming the first value that does not fit.
    """
    try:
        yield
    except ValidationError as error:
        keys, said = fault(error)
        at = ".".join(map(str, keys))
        if table:
            row, *column = keys
            at = ", ".join([f"row {int(row) + 1}", *map(str, column)])
        sentence = f"{at} {said}".lstrip()
        raise BadDataError(f"{where}: {sentence}") from None


def check_shape(path: Path, height: int, width: int) -> None:
    """Refuse a frame of impossible size; called with header values, before decoding.

    Parameters
    ----------
    path
        File, for the message.
    height
        Height that its header states, px.
    width
        Width that its header states, px.

    Raises
    ------
    BadDataError
        When a side is below ``MIN_SIDE`` or the frame has over ``MAX_PIXELS`` pixels.
    """
    if min(height, width) < MIN_SIDE:
        raise BadDataError(
            f"{quoted(path)} is {width} x {height} pixels; the least is {MIN_SIDE} x {MIN_SIDE}"
        )
    if height * width > MAX_PIXELS:
        raise BadDataError(
            f"{quoted(path)} claims {width} x {height} pixels per frame; "
            f"at most {MAX_PIXELS} pixels are read"
        )


def check_count(path: Path, frames: int) -> None:
    """Refuse a file that claims no frames, or too many.

    Parameters
    ----------
    path
        File, for the message.
    frames
        Number of frames that it claims.

    Raises
    ------
    BadDataError
        When there are none, or more than ``MAX_FRAMES``.
    """
    if not 1 <= frames <= MAX_FRAMES:
        raise BadDataError(f"{quoted(path)} claims {frames} frames; 1 to {MAX_FRAMES} can be read")


def finite(path: Path, values: NDArray[Any]) -> NDArray[Any]:
    """Return values of which all are finite.

    Parameters
    ----------
    path
        File, for the message.
    values
        Values read from it, of any shape.

    Raises
    ------
    BadDataError
        With the number of NaN and infinite ones, when there are any.
    """
    bad = 0 if values.dtype.kind != "f" else int(values.size - np.isfinite(values).sum())
    if bad:
        raise BadDataError(f"{quoted(path)} holds {bad} NaN or infinite values")
    return values


@contextmanager
def untrusted(path: Path) -> Iterator[None]:
    """Turn whatever a decoder throws at a broken file into one sentence, and hush its warnings.

    Parameters
    ----------
    path
        File that is read meanwhile, for the message.

    Raises
    ------
    BadDataError
        Naming ``path`` and the reason, for any exception that is not fluorosynth's own.
    """
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("default", DataWarning)
            yield
    except (FluorosynthError, GeneratorExit, KeyboardInterrupt, SystemExit):
        raise
    except OSError as error:  # the system's: Pillow's and OpenCV's carry no number
        reason = error.strerror or " ".join(str(error).split()) or type(error).__name__
        raise BadDataError(f"{quoted(path)} cannot be read: {reason}") from error
    except BaseException as error:  # decoders raise anything, even panics of Rust
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BadDataError(f"{quoted(path)} cannot be read: {reason}") from error
    finally:
        cv2.utils.logging.setLogLevel(level)
