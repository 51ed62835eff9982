"""DICOM: XA, RF and other projection images, single or multi-frame, through pydicom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from fluorosynth.errors import BadDataError, MissingExtraError
from fluorosynth.io.dicom_display import DISPLAY_TAGS, displayed, of_frame
from fluorosynth.io.dicom_field import exposed_field, field_tags
from fluorosynth.io.guard import check_count, check_shape, quoted

if TYPE_CHECKING:
    from pydicom import Dataset

_GET_IT = "pip install 'fluorosynth[dicom]'"
_PIXEL_TAGS = ["NumberOfFrames", "Rows", "Columns", "ExtendedOffsetTable"]
_PIXEL_TAGS += ["ExtendedOffsetTableLengths"]


def count(path: Path) -> int:
    """Return Number of Frames (0028,0008), or 1."""
    return int(read_header(path)[0].get("NumberOfFrames") or 1)


def read(
    path: Path, wanted: Sequence[int]
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.bool_] | None]]:
    """Yield frames as ``(H, W)`` uint8 with their exposed field, decoding one at a time.

    Values go through the modality LUT and the VOI LUT or window (else all bits stored are shown);
    MONOCHROME1 is inverted, colour becomes grey. Nothing else is taken from the header.
    """
    header, start = read_header(path)
    for index, pixels in zip(wanted, stored(path, wanted, header, start), strict=True):
        own = of_frame(header, index)
        yield displayed(own, pixels), exposed_field(own, header.Rows, header.Columns)


def stored(
    path: Path, wanted: Sequence[int], header: Dataset, start: int
) -> Iterator[NDArray[Any]]:
    """Yield frames as they are stored, decoding one at a time.

    ``header`` and ``start`` are what ``read_header`` returns.
    """
    frames = int(header.get("NumberOfFrames") or 1)
    check_count(path, frames)
    if max(wanted, default=0) >= frames:
        raise BadDataError(f"{quoted(path)} has {frames} frames; there is no frame {max(wanted)}")
    check_shape(path, header.Rows, header.Columns)
    _check_decoder(path, header)
    _check_codestreams(path, header, start, frames)
    decoded = _decode(path, wanted, frames)
    for index in wanted:
        pixels = next(decoded, None)
        if pixels is None:
            raise BadDataError(f"{quoted(path)} is truncated: frame {index} of {frames} is missing")
        yield pixels


def read_header(path: Path, more: Sequence[str] = ()) -> tuple[Dataset, int]:
    """Return the few elements that are needed and ``more``, and where the pixel data begins."""
    try:
        from pydicom import dcmread
        from pydicom.filereader import read_file_meta_info
        from pydicom.uid import DeflatedExplicitVRLittleEndian
    except ImportError:
        raise MissingExtraError(
            f"{quoted(path)} is DICOM, which needs pydicom: {_GET_IT}"
        ) from None
    syntax = read_file_meta_info(path).get("TransferSyntaxUID")
    if syntax is None:
        raise BadDataError(f"{quoted(path)} names no transfer syntax; it is no DICOM file")
    if syntax == DeflatedExplicitVRLittleEndian:  # would be inflated whole, to any size
        raise BadDataError(f"{quoted(path)} is a deflated DICOM file, which is not read")
    tags = [*_PIXEL_TAGS, *DISPLAY_TAGS, *field_tags(), *more]
    with path.open("rb") as file:
        header = dcmread(file, stop_before_pixels=True, specific_tags=tags)
        start = file.tell()
    if start + 8 > path.stat().st_size or "Rows" not in header or "Columns" not in header:
        raise BadDataError(f"{quoted(path)} is a DICOM file without pixel data, or cut before it")
    return header, start


def _check_decoder(path: Path, header: Dataset) -> None:
    from pydicom.pixels.decoders.base import get_decoder

    syntax = header.file_meta.TransferSyntaxUID
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:
        raise BadDataError(
            f"{quoted(path)} is compressed as {syntax.name}, which is not read"
        ) from None
    if not decoder.is_available:
        raise MissingExtraError(
            f"{quoted(path)} is compressed as {syntax.name}, "
            f"and no decoder for that is installed: {_GET_IT}"
        )


def _check_codestreams(path: Path, header: Dataset, start: int, frames: int) -> None:
    """Refuse JPEGs that are cut short or claim another size than the DICOM header does."""
    from pydicom.encaps import generate_frames
    from pydicom.uid import RLELossless

    syntax = header.file_meta.TransferSyntaxUID
    if not syntax.is_encapsulated or syntax == RLELossless:
        return
    offsets = None
    if "ExtendedOffsetTable" in header:
        offsets = (header.ExtendedOffsetTable, header.ExtendedOffsetTableLengths)
    with path.open("rb") as file:
        file.seek(start + 12)  # tag, VR and length
        streams = generate_frames(file, number_of_frames=frames, extended_offsets=offsets)
        for index, stream in enumerate(streams):
            if b"\xff\xd9" not in stream[-16:]:  # the end mark; decoders fill the rest with grey
                raise BadDataError(f"{quoted(path)} is truncated: frame {index} is cut short")
            width, height = _size(path, stream)
            if (height, width) != (header.Rows, header.Columns):
                raise BadDataError(
                    f"{quoted(path)}: frame {index} is {width} x {height} pixels, "
                    f"the header says {header.Columns} x {header.Rows}"
                )


def _size(path: Path, stream: bytes) -> tuple[int, int]:
    """Return (width, height) from the header of a JPEG or JPEG 2000."""
    try:
        return Image.open(BytesIO(stream)).size
    except UnidentifiedImageError:  # Pillow knows 8 bits only; this decoder knows the others
        try:
            from libjpeg.utils import get_parameters
        except ImportError:
            raise MissingExtraError(f"{quoted(path)} needs pylibjpeg-libjpeg: {_GET_IT}") from None
        parameters = get_parameters(stream)
        return parameters["columns"], parameters["rows"]


def _decode(path: Path, wanted: Sequence[int], frames: int) -> Iterator[NDArray[Any]]:
    from pydicom.pixels.utils import iter_pixels

    # Without indices pydicom goes through the file once, with them once per frame.
    everything = list(wanted) == list(range(frames))
    return iter_pixels(path, indices=None if everything else list(wanted))
