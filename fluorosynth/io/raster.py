"""PNG and JPEG: one frame each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import check_shape, quoted
from fluorosynth.io.orientation import upright
from fluorosynth.io.pixels import to_grey, to_uint8

_ORIENTATION = 274


def count(path: Path) -> int:
    """Return 1, once the header is one of an image.

    Parameters
    ----------
    path
        File of PNG or JPEG.
    """
    with _opened(path):
        return 1


def read(path: Path, wanted: Sequence[int]) -> Iterator[tuple[NDArray[np.uint8], None]]:
    """Yield the picture as ``(H, W)`` uint8, upright; 16 bits are mapped by ``pixels.to_uint8``.

    Parameters
    ----------
    path
        File of PNG or JPEG.
    wanted
        Numbers of the frames: 0, or none.
    """
    for index in wanted:
        if index:
            raise BadDataError(f"{quoted(path)} is a single picture; there is no frame {index}")
        yield to_uint8(_decode(path)), None


@contextmanager
def _opened(path: Path) -> Iterator[ImageFile]:
    try:
        image = Image.open(path, formats=("PNG", "JPEG"))
    except UnidentifiedImageError:
        raise BadDataError(
            f"{quoted(path)} is neither a PNG nor a JPEG file, or cut in its header"
        ) from None
    with image:
        yield image


def _decode(path: Path) -> NDArray[Any]:
    with _opened(path) as image:
        check_shape(path, image.height, image.width)
        deep = any(";16" in str(tile.args) for tile in image.tile)
        image.load()  # refuses a truncated file, which OpenCV would fill with grey
        turned = int(image.getexif().get(_ORIENTATION, 1))
        if not deep:
            return upright(np.asarray(image.convert("L")), turned)
    # Pillow keeps only the high byte of 16-bit colour.
    decoded: NDArray[Any] | None = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None:
        raise BadDataError(f"{quoted(path)} cannot be read: its 16-bit pixels are broken")
    return upright(to_grey(decoded if decoded.ndim == 2 else decoded[..., [2, 1, 0]]), turned)
