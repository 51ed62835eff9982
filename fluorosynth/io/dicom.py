"""DICOM: XA, RF and other projection images, single or multi-frame, as a viewer shows them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import DataWarning
from fluorosynth.io.dicom_display import displayed, of_frame, shows_dense_bright, states_range
from fluorosynth.io.dicom_field import exposed_field
from fluorosynth.io.dicom_header import frame_count, read_header
from fluorosynth.io.dicom_pixels import stored
from fluorosynth.io.guard import quoted

if TYPE_CHECKING:
    from pydicom import Dataset

_RATE_TAGS = ["FrameTime", "FrameTimeVector", "CineRate", "RecommendedDisplayFrameRate"]
_FLAT = 8  # values of less than one in so many that the bits can hold look flat


def count(path: Path) -> int:
    """Return Number of Frames (0028,0008), or 1.

    Parameters
    ----------
    path
        File of DICOM.
    """
    return frame_count(read_header(path)[0])


def rate(path: Path) -> float | None:
    """Return the frames a second at which a sequence was taken, None where nothing says so.

    Source: DICOM PS3.3 C.7.6.5, the Cine Module.

    Parameters
    ----------
    path
        File of DICOM.
    """
    header, _ = read_header(path, _RATE_TAGS)
    every = float(header.get("FrameTime") or 0)  # ms
    if not every and (steps := header.get("FrameTimeVector")):
        later = np.atleast_1d(np.array(steps, float))[1:]  # the first frame's is 0
        every = float(later.mean()) if later.size else 0.0
    if every > 0:
        return 1000 / every
    stated = header.get("CineRate") or header.get("RecommendedDisplayFrameRate")
    return float(stated) if stated else None


def read(
    path: Path, wanted: Sequence[int]
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.bool_] | None]]:
    """Yield frames as ``(H, W)`` uint8 with their exposed field, decoding one at a time.

    Values go through the modality LUT (not of XA and RF) and the VOI LUT or window (else all bits
    stored are shown); MONOCHROME1 is inverted, colour becomes grey. What is shown with dense
    material bright, as the file states, is turned round. Nothing else is taken from the header. A
    DataWarning names a file that was turned round, or states no window and comes out flat.

    Parameters
    ----------
    path
        File of DICOM.
    wanted
        Numbers of the frames, increasing, from 0.
    """
    header, start = read_header(path)
    looked = False
    for index, pixels in zip(wanted, stored(path, wanted, header, start), strict=True):
        own = of_frame(header, index)
        if not looked:
            _warn_of_flat(path, own, index, pixels)
            _warn_of_bright(path, own)
        looked = True
        yield displayed(own, pixels), exposed_field(own, header.Rows, header.Columns)


def _warn_of_flat(path: Path, header: Dataset, index: int, pixels: NDArray[Any]) -> None:
    """Warn of a frame whose values are few of those that its bits can hold, without a window."""
    span = int(pixels.max()) - int(pixels.min())
    flat = 0 < span * _FLAT < 2**header.BitsStored
    if flat and header.BitsStored > 8 and not states_range(header):
        warnings.warn(
            f"{quoted(path)} states no window, and the values of frame {index} span {span} of "
            f"{2**header.BitsStored}: it comes out nearly flat. Add a window (DCMTK: dcmodify -i "
            "WindowCenter=... -i WindowWidth=...) or save it as TIFF, which is stretched",
            DataWarning,
            stacklevel=2,
        )


def _warn_of_bright(path: Path, header: Dataset) -> None:
    """Warn of a file that is turned round."""
    if shows_dense_bright(header):
        warnings.warn(
            f"{quoted(path)} states that dense material is shown bright (its Pixel Intensity "
            "Relationship Sign): turned round, so that it is dark",
            DataWarning,
            stacklevel=2,
        )
