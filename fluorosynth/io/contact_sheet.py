"""Contact sheets: many small pictures as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

GAP = 4  # px between tiles
FONT, LETTERS = cv2.FONT_HERSHEY_SIMPLEX, 0.4
LINE = 18  # px of a line of the legend
Legend = Mapping[str, tuple[int, int, int]]
FOUND: Legend = {"found": (0, 200, 0), "missed": (0, 80, 255), "false": (255, 0, 0)}


def contact_sheet(
    images: Sequence[NDArray[np.uint8]],
    columns: int = 8,
    labels: Sequence[str] | None = None,
    legend: Legend | None = None,
) -> NDArray[np.uint8]:
    """Lay pictures out in rows, each with a small caption in its top-left corner.

    Parameters
    ----------
    images
        Pictures, ``(H, W)`` grey or ``(H, W, 3)`` RGB uint8, of any sizes; a cell is as large as
        the largest.
    columns
        Pictures in a row, >= 1.
    labels
        Captions, one per picture; None: none. Characters outside ASCII show as ``?``.
    legend
        Colours, RGB, by what they mean: lines below the pictures. None: none.

    Returns
    -------
    Sheet, ``(rows, columns, 3)`` uint8 RGB.

    Examples
    --------
    >>> tile = np.full((60, 80), 90, np.uint8)
    >>> contact_sheet([tile, tile, tile], columns=2, labels="abc").shape
    (132, 172, 3)
    """
    if not images:
        raise ValueError("a contact sheet needs at least one picture")
    columns = min(columns, len(images))
    shapes = [image.shape[:2] for image in images]
    height, width = (max(sides) + GAP for sides in zip(*shapes, strict=True))
    rows = -(-len(images) // columns)
    strip = _legend(legend or {}, columns * width + GAP)
    sheet = np.zeros((rows * height + GAP + len(strip), strip.shape[1], 3), np.uint8)
    sheet[len(sheet) - len(strip) :] = strip
    for number, image in enumerate(images):
        row, column = divmod(number, columns)
        y, x = row * height + GAP, column * width + GAP
        tile = image if image.ndim == 3 else image[:, :, None]
        sheet[y : y + image.shape[0], x : x + image.shape[1]] = tile
        if labels is not None:
            _caption(sheet, labels[number], (x + 3, y + 14))
    return sheet


def png_bytes(
    image: NDArray[np.unsignedinteger], compression: int = 3, flat: bool = False
) -> bytes:
    """Return a picture as the bytes of a PNG file.

    Parameters
    ----------
    image
        Picture, ``(H, W)`` grey or ``(H, W, 3)`` RGB, uint8 or uint16.
    compression
        Effort of zlib, 0 to 9; 9 saves 15 % over 3 and takes fifteen times as long on noisy
        pictures.
    flat
        Whether it has few values in large areas, as masks do: they are written as they are, which
        is smaller and takes a quarter of the time of what helps noisy pictures.
    """
    ordered = image if image.ndim == 2 else np.ascontiguousarray(image[:, :, ::-1])
    flags = [cv2.IMWRITE_PNG_COMPRESSION, compression]
    flags += [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE] if flat else []
    _, encoded = cv2.imencode(".png", ordered, flags)
    del ordered  # before one more copy: a sheet is what a process's memory is largest for
    return bytes(encoded)


def _legend(legend: Legend, width: int) -> NDArray[np.uint8]:
    """Return as many lines as the entries need, each with a square of its colour before it."""
    if not legend:
        return np.zeros((0, width, 3), np.uint8)
    places, at, line = list[tuple[int, int]](), GAP, 0
    for text in legend:
        (wide, _), _ = cv2.getTextSize(text, FONT, LETTERS, 1)
        if at > GAP and at + LINE + wide > width:
            at, line = GAP, line + 1
        places.append((at, line * LINE))
        at += 2 * LINE + wide
    strip = np.zeros(((line + 1) * LINE + GAP, width, 3), np.uint8)
    for (text, colour), (x, y) in zip(legend.items(), places, strict=True):
        cv2.rectangle(strip, (x, y + 4), (x + 10, y + 14), colour, -1)
        _caption(strip, text, (x + LINE, y + 13), (255, 255, 255))
    return strip


def _caption(
    sheet: NDArray[np.uint8],
    text: str,
    at: tuple[int, int],
    colour: tuple[int, int, int] = (255, 255, 0),
) -> None:
    for paint, thickness in (((0, 0, 0), 3), (colour, 1)):
        cv2.putText(sheet, text, at, FONT, LETTERS, paint, thickness, cv2.LINE_AA)
