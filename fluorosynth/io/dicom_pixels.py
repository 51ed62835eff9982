"""The frames of a DICOM file as they are stored, decoded one at a time through pydicom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.io.dicom_checks import check_pixels
from fluorosynth.io.dicom_header import frame_count, has_codestreams
from fluorosynth.io.guard import check_count, quoted

if TYPE_CHECKING:
    from pydicom import Dataset


def stored(
    path: Path, wanted: Sequence[int], header: Dataset, start: int
) -> Iterator[NDArray[Any]]:
    """Yield frames as they are stored, decoding one at a time.

    Parameters
    ----------
    path
        File of DICOM.
    wanted
        Numbers of the frames, increasing, from 0.
    header
        Elements of the file, as ``read_header`` returns them.
    start
        Place of the pixel data in the file, bytes, as ``read_header`` returns it.

    Raises
    ------
    BadDataError
        When there is no such frame, or the pixel data is refused by ``check_pixels``.
    """
    frames = frame_count(header)
    check_count(path, frames)
    if max(wanted, default=0) >= frames:
        raise BadDataError(f"{quoted(path)} has {frames} frames; there is no frame {max(wanted)}")
    check_pixels(path, header, start)
    decoded = _decode(path, wanted, frames, header)
    for index in wanted:
        pixels = next(decoded, None)
        if pixels is None:
            raise BadDataError(f"{quoted(path)} is truncated: frame {index} of {frames} is missing")
        yield pixels


def _decode(
    path: Path, wanted: Sequence[int], frames: int, header: Dataset
) -> Iterator[NDArray[Any]]:
    from pydicom.pixels.utils import iter_pixels

    # Without indices pydicom goes through the file once, with them once per frame.
    everything = list(wanted) == list(range(frames))
    grey = header.SamplesPerPixel == 1  # whatever photometric interpretation is claimed
    in_place = grey and not has_codestreams(header)
    decoded = iter_pixels(
        path,
        indices=None if everything else list(wanted),
        raw=grey,
        correct_unused_bits=not in_place,
    )
    for pixels in decoded:
        yield _in_place(header, pixels) if in_place else pixels


def _in_place(header: Dataset, pixels: NDArray[Any]) -> NDArray[Any]:
    """Return the bits stored of each value, wherever they lie in it, without overlays beside them.

    Source: DICOM PS3.5 section 8.1.1; overlays in unused bits were retired in 2004.
    """
    bits = int(header.BitsStored)
    shift = int(header.HighBit) + 1 - bits
    if bits == header.BitsAllocated or shift < 0:
        return pixels
    values = (pixels.astype(np.int64) >> shift) & (2**bits - 1)
    if header.PixelRepresentation:
        sign = 1 << (bits - 1)
        values = (values ^ sign) - sign
    return np.asarray(values, pixels.dtype)
