"""TIFF: 8 and 16 bit, float, grey or colour, one frame per page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tifffile import PHOTOMETRIC, TiffFile, TiffFileError, TiffPage

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import check_shape, finite, quoted
from fluorosynth.io.orientation import upright
from fluorosynth.io.pixels import to_grey, to_uint8
from fluorosynth.io.tiff_page import stored_pixels

_ORIENTATION = 274
_READ = (PHOTOMETRIC.MINISWHITE, PHOTOMETRIC.MINISBLACK, PHOTOMETRIC.RGB, PHOTOMETRIC.PALETTE)


def count(path: Path) -> int:
    """Return the number of frames: pages at full size, or those of ImageJ's one long page.

    Parameters
    ----------
    path
        File of TIFF.
    """
    with _opened(path) as file:
        pages = _frames(file)
        return _in_one(file, pages) or len(pages)


def read(path: Path, wanted: Sequence[int]) -> Iterator[tuple[NDArray[np.uint8], None]]:
    """Yield pages as ``(H, W)`` uint8; what is not 8 bits is mapped by ``pixels.to_uint8``.

    Each page is turned upright, and white-is-zero and palettes are heeded, as it says itself.

    Parameters
    ----------
    path
        File of TIFF.
    wanted
        Numbers of the frames, increasing, from 0.
    """
    with _opened(path) as file:
        pages = _frames(file)
        several = _in_one(file, pages)
        total = several or len(pages)
        if max(wanted, default=0) >= total:
            raise BadDataError(f"{quoted(path)} has {total} pages; no page {max(wanted)}")
        for page in [pages[0]] if several else [pages[index] for index in wanted]:
            _check(path, page)
        for index in wanted:
            page = pages[0 if several else index]
            stored = _in_stack(file, page, index) if several else _decoded(path, page, index)
            yield _shown(path, page, stored), None


@contextmanager
def _opened(path: Path) -> Iterator[TiffFile]:
    try:
        file = TiffFile(path)
    except TiffFileError:
        raise BadDataError(f"{quoted(path)} is no TIFF file, or cut in its header") from None
    with file:
        yield file


def _frames(file: TiffFile) -> list[TiffPage]:
    """Return the pages that are frames: no thumbnails, smaller copies and masks."""
    pages = [page.aspage() for page in file.pages]
    full = [page for page in pages if not page.subfiletype & 0b101]
    return full or pages


def _in_one(file: TiffFile, pages: list[TiffPage]) -> int:
    """Return how many frames lie behind one page, as ImageJ writes large stacks; 0: one."""
    images = int((file.imagej_metadata or {}).get("images", 1)) if file.is_imagej else 1
    if images > 1 and len(pages) == 1 and pages[0].is_contiguous and pages[0].samplesperpixel == 1:
        there = (file.filehandle.size - pages[0].dataoffsets[0]) // max(pages[0].nbytes, 1)
        return min(images, there) if there > 1 else 0
    return 0


def _in_stack(file: TiffFile, page: TiffPage, index: int) -> NDArray[Any]:
    file.filehandle.seek(page.dataoffsets[0] + index * page.nbytes)
    dtype = np.dtype(page.dtype)
    stored = file.filehandle.read(page.nbytes)
    found = np.frombuffer(stored, dtype.newbyteorder(file.byteorder))
    return found.reshape(page.imagelength, page.imagewidth).astype(dtype)


def _check(path: Path, page: TiffPage) -> None:
    check_shape(path, page.imagelength, page.imagewidth)
    if page.samplesperpixel > 4 or page.imagedepth > 1:
        raise BadDataError(
            f"{quoted(path)} has {page.samplesperpixel} samples per pixel in "
            f"{page.imagedepth} layers; grey and RGB(A) are read"
        )
    jpeg = page.photometric == PHOTOMETRIC.YCBCR and page.compression in (6, 7)
    if page.photometric not in _READ and not jpeg:
        raise BadDataError(
            f"{quoted(path)} holds {PHOTOMETRIC(page.photometric).name} pixels; grey, RGB(A) and "
            "palettes are read"
        )


def _decoded(path: Path, page: TiffPage, index: int) -> NDArray[Any]:
    try:
        return stored_pixels(page)
    except NotImplementedError as error:
        raise BadDataError(
            f"{quoted(path)} is compressed as {error}, which is not read here: pip install "
            "imagecodecs, or save it with LZW, deflate or no compression"
        ) from None
    except Exception as error:  # decoders raise anything
        raise BadDataError(f"{quoted(path)} cannot be read: page {index} is broken") from error


def _shown(path: Path, page: TiffPage, stored: NDArray[Any]) -> NDArray[np.uint8]:
    if page.photometric == PHOTOMETRIC.PALETTE and page.colormap is not None:
        colours = np.moveaxis(np.asarray(page.colormap), 0, -1)[stored]
        image = to_uint8(to_grey(colours), (0, 65535))
    else:
        image = to_uint8(finite(path, to_grey(stored)))
        if page.photometric == PHOTOMETRIC.MINISWHITE:
            image = 255 - image
    turned = page.tags.valueof(_ORIENTATION, 1)
    return upright(image, int(turned) if isinstance(turned, int) else 1)
