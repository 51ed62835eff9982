"""Label images: whole numbers that must not be scaled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import check_shape, quoted, untrusted

MAX_COLOURS = 64  # more are a picture
_FORMATS = {  # how files begin
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"\xff\xd8\xff": "JPEG",
}
DARK, BRIGHT = 64, 192  # of a JPEG of a drawing hardly anything lies between
BETWEEN = 0.5  # of the bright pixels, at most: rims that the compression blurred


@dataclass(frozen=True)
class Labels:
    """A label image.

    Parameters
    ----------
    values
        Values, ``(H, W)`` uint8 or uint16, 0 where nothing is drawn.
    drawn
        Whether the file itself knows only two states, nothing and something: a bilevel
        image, an alpha channel that holds the drawing, black and one colour of a palette.
    """

    values: NDArray[Any]
    drawn: bool = False


def read_labels(path: Path) -> Labels:
    """Read the labels of a PNG or TIFF as a viewer shows it, upright; of a JPEG a drawing.

    Grey values and the indices of a palette that begins with black are taken as they are. In
    another palette black is background, whatever its index. Of a colour image the largest channel
    counts, or, where there are several colours, their numbers from 1 on. What is wholly
    transparent is background; of a layer of one colour, the alpha channel is the drawing. A JPEG
    blurs numbers, so that only a white drawing on black is certain in one.

    Parameters
    ----------
    path
        File of the label image.

    Raises
    ------
    BadDataError
        When the file is missing, broken, too small or too large, of another format, of several
        pages, or a JPEG of anything but a white drawing on black.
    """
    with opened(path) as image:
        upright = ImageOps.exif_transpose(image)
        return _of_jpeg(path, upright) if image.format == "JPEG" else _labels(upright)


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """Open an image of labels, its size and number of pages checked.

    Parameters
    ----------
    path
        File of PNG, TIFF or JPEG.

    Raises
    ------
    BadDataError
        When it is none, or of a size or number of pages that is not read; for whatever its
        content lets fail meanwhile, too.
    """
    with untrusted(path):
        with path.open("rb") as file:
            head = file.read(8)
        kind = next((name for magic, name in _FORMATS.items() if head.startswith(magic)), None)
        if kind is None:
            raise BadDataError(f"{quoted(path)} is no PNG, TIFF or JPEG: save masks as PNG")
        with Image.open(path, formats=(kind,)) as image:
            check_shape(path, image.height, image.width)
            if (pages := getattr(image, "n_frames", 1)) > 1:
                raise BadDataError(
                    f"{quoted(path)} holds {pages} pages: save each mask by itself, such as "
                    f"masks/{path.stem}/00000.png"
                )
            yield image


def _of_jpeg(path: Path, image: Image.Image) -> Labels:
    values = np.asarray(image.convert("L"))
    bright = int((values >= BRIGHT).sum())
    between = int(((values > DARK) & (values < BRIGHT)).sum())
    if values.any() and not (bright and between <= BETWEEN * bright):
        raise BadDataError(
            f"{quoted(path)} is a JPEG, which blurs the values of masks, and no white drawing on "
            "black: save masks as PNG"
        )
    return Labels((values >= 128).astype(np.uint8), drawn=True)


def _labels(image: Image.Image) -> Labels:
    if image.mode == "1":
        return Labels(np.asarray(image).astype(np.uint8), drawn=True)
    if image.mode == "P":
        return _of_palette(image)
    if image.mode in ("LA", "PA", "RGB", "RGBA"):
        return _of_colours(np.asarray(image.convert("RGBA")))
    values = whole_numbers(np.asarray(image))
    if values.dtype.itemsize == 2 and np.isin(values, (0, 65535)).all():
        values = (values >> 8).astype(np.uint8)  # white is white at any depth
    return Labels(values)


def whole_numbers(values: NDArray[Any]) -> NDArray[Any]:
    """Return grey values as uint8 or uint16.

    Parameters
    ----------
    values
        Values, ``(H, W)`` of any type.

    Raises
    ------
    ValueError
        For fractions.
    """
    if values.dtype.kind == "f" and (values != np.rint(values)).any():
        raise ValueError("it holds fractions, so it is no mask: cut them at a half, save 0 and 1")
    if values.dtype.kind == "b":
        return values.astype(np.uint8)
    return values.clip(0, 65535).astype(np.uint16) if values.dtype.itemsize > 2 else values


def _of_palette(image: Image.Image) -> Labels:
    indices = np.asarray(image)
    palette = np.zeros((256, 3), np.uint8)
    listed = np.asarray(image.getpalette("RGB") or [], np.uint8).reshape(-1, 3)[:256]
    palette[: len(listed)] = listed
    used = np.unique(indices)
    black = [int(index) for index in used if not palette[index].any()]
    if not palette[0].any() or len(black) != 1:
        return Labels(indices)
    numbers = np.zeros(256, np.uint8)
    others = used[used != black[0]]
    numbers[others] = np.arange(1, len(others) + 1)
    return Labels(numbers[indices], drawn=len(others) < 2)


def _of_colours(pixels: NDArray[np.uint8]) -> Labels:
    colours, alpha = pixels[..., :3], pixels[..., 3]
    if alpha.min() < 255 and alpha.max() > alpha.min():
        visible = _packed(colours)[alpha > 0]
        if (visible == visible[0]).all():
            return Labels(alpha, drawn=len(np.unique(alpha)) < 3)
        colours = np.where(alpha[..., None] > 0, colours, np.uint8(0))
    packed = _packed(colours)
    found = np.unique(packed)
    found = found[found > 0]
    patterns = {(c >> 16 > 0, c >> 8 & 255 > 0, c & 255 > 0) for c in found.tolist()}
    if len(patterns) < 2 or len(found) > MAX_COLOURS:
        return Labels(colours.max(axis=2))
    return Labels((np.searchsorted(found, packed) + (packed > 0)).astype(np.uint8))


def _packed(colours: NDArray[np.uint8]) -> NDArray[np.int64]:
    return np.asarray(colours.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1]))
