"""The header of a DICOM file: the few elements that are needed, and where its pixels begin."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fluorosynth.errors import BadDataError, extra
from fluorosynth.io.dicom_display import DISPLAY_TAGS
from fluorosynth.io.dicom_field import field_tags
from fluorosynth.io.guard import quoted

if TYPE_CHECKING:
    from pydicom import Dataset

_PIXEL_TAGS = (
    "NumberOfFrames",
    "Rows",
    "Columns",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
)
_NEEDED = (
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "SamplesPerPixel",
    "PhotometricInterpretation",
)
_FLOATS = (b"\xe0\x7f\x08\x00", b"\xe0\x7f\x09\x00", b"\x7f\xe0\x00\x08", b"\x7f\xe0\x00\x09")


def read_header(path: Path, more: Sequence[str] = ()) -> tuple[Dataset, int]:
    """Return the few elements of a file that are needed, and where its pixel data begins.

    Parameters
    ----------
    path
        File of DICOM.
    more
        Keywords of further elements to read.

    Raises
    ------
    BadDataError
        When it is no DICOM file, or none with pixels that are read.
    MissingExtraError
        When pydicom is not installed.
    """
    with extra("dicom", f"{quoted(path)} is DICOM, which needs pydicom"):
        from pydicom import dcmread
        from pydicom.errors import InvalidDicomError
        from pydicom.filereader import read_file_meta_info
        from pydicom.uid import DeflatedExplicitVRLittleEndian
    try:
        syntax = read_file_meta_info(path).get("TransferSyntaxUID")
    except InvalidDicomError:
        raise BadDataError(
            f"{quoted(path)} does not begin as a DICOM file does (preamble, DICM, file meta "
            "information): it is none, or DCMTK's dcmconv can mend it"
        ) from None
    if syntax is None:
        raise BadDataError(f"{quoted(path)} names no transfer syntax; it is no DICOM file")
    if syntax == DeflatedExplicitVRLittleEndian:  # would be inflated whole, to any size
        raise BadDataError(f"{quoted(path)} is a deflated DICOM file, which is not read")
    tags = [*_PIXEL_TAGS, *DISPLAY_TAGS, *field_tags(), *more]
    with path.open("rb") as file:
        header = dcmread(file, stop_before_pixels=True, specific_tags=tags)
        start = file.tell()
        tag = file.read(4)
    if tag in _FLOATS:
        raise BadDataError(
            f"{quoted(path)} holds floating-point pixels, which no X-ray sequence does; save it as "
            "TIFF or .npy"
        )
    if start + 8 > path.stat().st_size or "Rows" not in header or "Columns" not in header:
        raise BadDataError(f"{quoted(path)} is a DICOM file without pixel data, or cut before it")
    lacking = [keyword for keyword in _NEEDED if header.get(keyword) is None]
    if lacking:
        raise BadDataError(f"{quoted(path)} is broken: it has no {lacking[0]}")
    return header, start


def frame_count(header: Dataset) -> int:
    """Return Number of Frames (0028,0008), or 1.

    Parameters
    ----------
    header
        Elements of the file.
    """
    return int(header.get("NumberOfFrames") or 1)


def has_codestreams(header: Dataset) -> bool:
    """Tell whether each frame is a codestream (JPEG, JPEG 2000), not values, plain or RLE.

    Parameters
    ----------
    header
        Elements of the file.
    """
    from pydicom.uid import RLELossless

    syntax = header.file_meta.TransferSyntaxUID
    return bool(syntax.is_encapsulated and syntax != RLELossless)
