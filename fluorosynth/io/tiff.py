"""TIFF: 8 and 16 bit, float, grey or colour, one frame per page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tifffile import PHOTOMETRIC, TiffFile

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import check_shape, finite, quoted
from fluorosynth.io.pixels import to_grey, to_uint8


def count(path: Path) -> int:
    """Return the number of pages."""
    with TiffFile(path) as file:
        return len(file.pages)


def read(path: Path, wanted: Sequence[int]) -> Iterator[tuple[NDArray[np.uint8], None]]:
    """Yield pages as ``(H, W)`` uint8; what is not 8 bits is mapped by ``pixels.to_uint8``.

    tifffile reads the headers; OpenCV decodes, as it brings LZW and JPEG along.
    """
    inverted = _inspect(path, wanted)
    for index in wanted:
        done, pages = cv2.imreadmulti(str(path), index, 1, flags=cv2.IMREAD_UNCHANGED)
        if not done or not pages:
            raise BadDataError(f"{quoted(path)} cannot be read: page {index} is broken")
        page = pages[0]
        grey = to_grey(page[..., [2, 1, 0]] if page.ndim == 3 and page.shape[2] >= 3 else page)
        image = to_uint8(finite(path, grey))
        # OpenCV turns white-is-zero round for 8 bits only.
        yield (255 - image if inverted and page.dtype != np.uint8 else image), None


def _inspect(path: Path, wanted: Sequence[int]) -> bool:
    with TiffFile(path) as file:
        if max(wanted, default=0) >= len(file.pages):
            raise BadDataError(f"{quoted(path)} has {len(file.pages)} pages; no page {max(wanted)}")
        pages = [file.pages[index].aspage() for index in wanted]
        for page in pages:
            check_shape(path, page.imagelength, page.imagewidth)
            if page.samplesperpixel > 4 or page.imagedepth > 1:
                raise BadDataError(
                    f"{quoted(path)} has {page.samplesperpixel} samples per pixel in "
                    f"{page.imagedepth} layers; grey and RGB(A) are read"
                )
        return any(page.photometric == PHOTOMETRIC.MINISWHITE for page in pages)
