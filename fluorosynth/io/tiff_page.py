"""One page of a TIFF as an array."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tifffile import COMPRESSION, PHOTOMETRIC

if TYPE_CHECKING:
    from tifffile import TiffPage

# What OpenCV's libtiff decodes; of anything else it may say that it did, and give black
_OPENCV = (
    COMPRESSION.LZW,
    COMPRESSION.JPEG,
    COMPRESSION.CCITTRLE,
    COMPRESSION.CCITT_T4,
    COMPRESSION.CCITT_T6,
    COMPRESSION.ADOBE_DEFLATE,  # with a predictor of floats
    COMPRESSION.DEFLATE,
)
_COPIED = (256, 257, 258, 259, 266, 277, 278, 284, 292, 293, 317, 322, 323, 339, 347, 530, 531, 532)
_LONG = 4


def stored_pixels(page: TiffPage) -> NDArray[Any]:
    """Return the samples of a page as they are stored, ``(H, W)`` or ``(H, W, S)``, RGB in order.

    tifffile decodes; what it cannot without more packages, OpenCV does, where it can.

    Parameters
    ----------
    page
        Page of an open file.

    Raises
    ------
    NotImplementedError
        Naming the compression that cannot be decoded.
    ValueError
        When the page is broken.
    """
    try:
        found = page.asarray()
    except (ValueError, ImportError) as error:
        if "imagecodecs" not in str(error) and not isinstance(error, ImportError):
            raise
        if page.compression not in _OPENCV:
            raise NotImplementedError(COMPRESSION(page.compression).name) from None
        return _through_opencv(page)
    found = np.squeeze(found)
    if found.ndim == 3 and page.axes.startswith("S"):
        found = np.moveaxis(found, 0, -1)
    return np.asarray(found)


def _through_opencv(page: TiffPage) -> NDArray[Any]:
    found = cv2.imdecode(np.frombuffer(_alone(page), np.uint8), cv2.IMREAD_UNCHANGED)
    if found is None:
        raise ValueError("its pixels are broken")
    coloured = found.ndim == 3 and found.shape[2] >= 3
    return np.asarray(found[..., [2, 1, 0]] if coloured else found)


def _alone(page: TiffPage) -> bytes:
    """Return a TIFF file of this page alone, so that reading a stack takes time as its length.

    Grey is called black-is-zero and alpha unspecified, so that no decoder works on the values.
    """
    order = page.parent.byteorder
    file = page.parent.filehandle
    segments = []
    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True):
        file.seek(offset)
        segments.append(file.read(count))
    entries: dict[int, tuple[int, int, bytes]] = {}
    for code in _COPIED:
        if (tag := page.tags.get(code)) is not None:
            file.seek(tag.valueoffset)
            entries[code] = tag.dtype, tag.count, file.read(tag.valuebytecount)
    grey = page.samplesperpixel < 3
    shown = PHOTOMETRIC.MINISBLACK if grey else page.photometric
    entries[262] = 3, 1, struct.pack(order + "H", shown)
    if extra := page.samplesperpixel - (1 if grey else 3):
        entries[338] = 3, extra, bytes(2 * extra)
    places, counts = (324, 325) if page.is_tiled else (273, 279)
    many = len(segments)
    entries[places] = _LONG, many, bytes(4 * many)
    entries[counts] = _LONG, many, struct.pack(f"{order}{many}L", *map(len, segments))
    start = 8 + 2 + 12 * len(entries) + 4
    start += sum(len(value) for _, _, value in entries.values() if len(value) > 4)
    offsets = start + np.cumsum([0, *map(len, segments)])[:-1]
    entries[places] = _LONG, many, struct.pack(f"{order}{many}L", *offsets.tolist())
    return _file(order, entries) + b"".join(segments)


def _file(order: str, entries: dict[int, tuple[int, int, bytes]]) -> bytes:
    """Return header, directory and the values that do not fit into it."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "L", 8)
    directory, values = struct.pack(order + "H", len(entries)), b""
    at = 8 + 2 + 12 * len(entries) + 4
    for code, (kind, count, value) in sorted(entries.items()):
        inside = value.ljust(4, b"\0")
        if len(value) > 4:
            inside, values = struct.pack(order + "L", at + len(values)), values + value
        directory += struct.pack(order + "HHL", code, kind, count) + inside
    return head + directory + bytes(4) + values
