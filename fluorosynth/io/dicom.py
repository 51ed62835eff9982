"""DICOM: XA, RF and other projection images, single or multi-frame, through pydicom."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from fluorosynth.errors import BadDataError, DataWarning, MissingExtraError, extra
from fluorosynth.io.dicom_display import (
    DISPLAY_TAGS,
    displayed,
    of_frame,
    shows_dense_bright,
    states_range,
)
from fluorosynth.io.dicom_field import exposed_field, field_tags
from fluorosynth.io.guard import check_count, check_shape, quoted

if TYPE_CHECKING:
    from pydicom import Dataset

_PIXEL_TAGS = ["NumberOfFrames", "Rows", "Columns", "ExtendedOffsetTable"]
_PIXEL_TAGS += ["ExtendedOffsetTableLengths"]
_RATE_TAGS = ["FrameTime", "FrameTimeVector", "CineRate", "RecommendedDisplayFrameRate"]
_NEEDED = ["BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"]
_NEEDED += ["SamplesPerPixel", "PhotometricInterpretation"]
_FLOATS = (b"\xe0\x7f\x08\x00", b"\xe0\x7f\x09\x00", b"\x7f\xe0\x00\x08", b"\x7f\xe0\x00\x09")
_FLAT = 8  # values of less than one in so many that the bits can hold look flat


def count(path: Path) -> int:
    """Return Number of Frames (0028,0008), or 1.

    Parameters
    ----------
    path
        File of DICOM.
    """
    return int(read_header(path)[0].get("NumberOfFrames") or 1)


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
    """
    frames = int(header.get("NumberOfFrames") or 1)
    check_count(path, frames)
    if max(wanted, default=0) >= frames:
        raise BadDataError(f"{quoted(path)} has {frames} frames; there is no frame {max(wanted)}")
    check_shape(path, header.Rows, header.Columns)
    _check_decoder(path, header)
    _check_codestreams(path, header, start, frames)
    _check_length(path, header, start, frames)
    decoded = _decode(path, wanted, frames, header)
    for index in wanted:
        pixels = next(decoded, None)
        if pixels is None:
            raise BadDataError(f"{quoted(path)} is truncated: frame {index} of {frames} is missing")
        yield pixels


def read_header(path: Path, more: Sequence[str] = ()) -> tuple[Dataset, int]:
    """Return the few elements of a file that are needed, and where its pixel data begins.

    Parameters
    ----------
    path
        File of DICOM.
    more
        Keywords of further elements to read.
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


def _check_length(path: Path, header: Dataset, start: int, frames: int) -> None:
    """Refuse uncompressed pixels that are cut short; warn of more frames than the header says."""
    if header.file_meta.TransferSyntaxUID.is_encapsulated:
        return
    samples = header.SamplesPerPixel
    if samples == 3 and "422" in header.PhotometricInterpretation:
        samples = 2  # on average
    bits = int(header.Rows) * int(header.Columns) * int(samples) * int(header.BitsAllocated)
    length = min(path.stat().st_size - start - _value_at(header), _length(path, header, start))
    there = length * 8 // bits
    if there < frames:
        raise BadDataError(f"{quoted(path)} is truncated: frame {there} of {frames} is cut short")
    if there > frames:
        warnings.warn(
            f"{quoted(path)} holds {there} frames, but its header says {frames}: the others are "
            "passed over",
            DataWarning,
            stacklevel=2,
        )


def _value_at(header: Dataset) -> int:
    """Return the bytes of tag, VR and length before the pixel data."""
    return 8 if header.file_meta.TransferSyntaxUID.is_implicit_VR else 12


def _length(path: Path, header: Dataset, start: int) -> int:
    """Return the length that the pixel data element states."""
    little = header.file_meta.TransferSyntaxUID.is_little_endian
    with path.open("rb") as file:
        file.seek(start + _value_at(header) - 4)
        return int.from_bytes(file.read(4), "little" if little else "big")


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
        with extra("dicom", f"{quoted(path)} needs pylibjpeg-libjpeg"):
            from libjpeg.utils import get_parameters
        parameters = get_parameters(stream)
        return parameters["columns"], parameters["rows"]


def _decode(
    path: Path, wanted: Sequence[int], frames: int, header: Dataset
) -> Iterator[NDArray[Any]]:
    from pydicom.pixels.utils import iter_pixels
    from pydicom.uid import RLELossless

    syntax = header.file_meta.TransferSyntaxUID
    packed = not syntax.is_encapsulated or syntax == RLELossless
    if packed and header.SamplesPerPixel > 1 and header.HighBit != header.BitsStored - 1:
        raise BadDataError(
            f"{quoted(path)} is in colour with high bit {header.HighBit} and {header.BitsStored} "
            "bits stored, which is not read"
        )
    if packed and header.SamplesPerPixel == 1 and "422" in header.PhotometricInterpretation:
        raise BadDataError(
            f"{quoted(path)} claims {header.PhotometricInterpretation} pixels of one sample, which "
            "cannot be"
        )
    # Without indices pydicom goes through the file once, with them once per frame.
    everything = list(wanted) == list(range(frames))
    grey = header.SamplesPerPixel == 1  # whatever photometric interpretation is claimed
    decoded = iter_pixels(
        path,
        indices=None if everything else list(wanted),
        raw=grey,
        correct_unused_bits=not (grey and packed),
    )
    for pixels in decoded:
        yield _in_place(header, pixels) if grey and packed else pixels


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
