"""What is checked of a DICOM file's pixel data before memory is taken for its frames."""

from __future__ import annotations

import warnings
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, UnidentifiedImageError

from fluorosynth.errors import BadDataError, DataWarning, MissingExtraError, extra
from fluorosynth.io.dicom_header import frame_count, has_codestreams
from fluorosynth.io.guard import check_shape, quoted

if TYPE_CHECKING:
    from pydicom import Dataset


def check_pixels(path: Path, header: Dataset, start: int) -> None:
    """Refuse pixel data that is cut short, cannot be decoded, or is not what the header says.

    A DataWarning names a file that holds more frames than its header says.

    Parameters
    ----------
    path
        File of DICOM.
    header
        Elements of the file, as ``read_header`` returns them.
    start
        Place of the pixel data in the file, bytes, as ``read_header`` returns it.

    Raises
    ------
    BadDataError
        Naming the file and what is wrong.
    MissingExtraError
        When no decoder for its transfer syntax is installed.
    """
    check_shape(path, header.Rows, header.Columns)
    _check_decoder(path, header)
    if has_codestreams(header):
        _check_codestreams(path, header, start)
        return
    if not header.file_meta.TransferSyntaxUID.is_encapsulated:
        _check_length(path, header, start)
    _check_values(path, header)


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
            f"{quoted(path)} is compressed as {syntax.name}, and no decoder for that is installed",
            "fluorosynth[dicom]",
        )


def _check_codestreams(path: Path, header: Dataset, start: int) -> None:
    """Refuse JPEGs that are cut short or claim another size than the DICOM header does."""
    from pydicom.encaps import generate_frames

    offsets = None
    if "ExtendedOffsetTable" in header:
        offsets = (header.ExtendedOffsetTable, header.ExtendedOffsetTableLengths)
    with path.open("rb") as file:
        file.seek(start + 12)  # tag, VR and length
        streams = generate_frames(
            file, number_of_frames=frame_count(header), extended_offsets=offsets
        )
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
        with extra("dicom", f"{quoted(path)} needs pylibjpeg-libjpeg"):
            from libjpeg.utils import get_parameters
        parameters = get_parameters(stream)
        return parameters["columns"], parameters["rows"]


def _check_length(path: Path, header: Dataset, start: int) -> None:
    """Refuse uncompressed pixels that are cut short; warn of more frames than the header says."""
    samples = header.SamplesPerPixel
    if samples == 3 and "422" in header.PhotometricInterpretation:
        samples = 2  # on average
    bits = int(header.Rows) * int(header.Columns) * int(samples) * int(header.BitsAllocated)
    frames, there = frame_count(header), _length(path, header, start) * 8 // bits
    if there < frames:
        raise BadDataError(f"{quoted(path)} is truncated: frame {there} of {frames} is cut short")
    if there > frames:
        warnings.warn(
            f"{quoted(path)} holds {there} frames, but its header says {frames}: the others are "
            "passed over",
            DataWarning,
            stacklevel=2,
        )


def _length(path: Path, header: Dataset, start: int) -> int:
    """Return the bytes of pixel data: as many as its element states, or less in a cut file."""
    syntax = header.file_meta.TransferSyntaxUID
    value = start + (8 if syntax.is_implicit_VR else 12)  # behind tag, VR and length
    with path.open("rb") as file:
        file.seek(value - 4)
        stated = int.from_bytes(file.read(4), "little" if syntax.is_little_endian else "big")
    return min(stated, path.stat().st_size - value)


def _check_values(path: Path, header: Dataset) -> None:
    """Refuse layouts of values that are not read."""
    if header.SamplesPerPixel > 1 and header.HighBit != header.BitsStored - 1:
        raise BadDataError(
            f"{quoted(path)} is in colour with high bit {header.HighBit} and {header.BitsStored} "
            "bits stored, which is not read"
        )
    if header.SamplesPerPixel == 1 and "422" in header.PhotometricInterpretation:
        raise BadDataError(
            f"{quoted(path)} claims {header.PhotometricInterpretation} pixels of one sample, which "
            "cannot be"
        )
