"""Images whose values are numbers of classes: nothing is guessed, nothing renumbered."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import quoted
from fluorosynth.io.labels import opened, whole_numbers

Colour = tuple[int, int, int]
SHOWN = 4  # colours that a message lists


def read_classes(path: Path, colours: Mapping[Colour, int]) -> NDArray[Any]:
    """Return the number of each pixel's class, ``(H, W)`` uint8 or uint16.

    Grey values and the indices of a palette are numbers, whatever their colours.

    Parameters
    ----------
    path
        File of PNG or TIFF.
    colours
        Number by its colour, ``(R, G, B)``, for images that hold colours instead; black is 0.

    Raises
    ------
    BadDataError
        When the file cannot be read, is a JPEG, or holds colours without a number.
    """
    with opened(path) as image:
        if image.format == "JPEG":
            raise BadDataError(f"{quoted(path)} is a JPEG, which blurs numbers of classes")
        if image.mode in ("LA", "PA", "RGB", "RGBA"):
            return _of_colours(np.asarray(image.convert("RGB")), colours, path)
        return whole_numbers(np.asarray(image))


def _of_colours(
    pixels: NDArray[np.uint8], colours: Mapping[Colour, int], path: Path
) -> NDArray[Any]:
    if (pixels == pixels[..., :1]).all():
        return pixels[..., 0]
    found, index = np.unique(pixels.reshape(-1, 3), axis=0, return_inverse=True)
    known = {(0, 0, 0): 0, **colours}
    listed: list[Colour] = [(int(r), int(g), int(b)) for r, g, b in found]
    if unknown := [colour for colour in listed if colour not in known]:
        more = ", ..." * (len(unknown) > SHOWN)
        raise BadDataError(
            f"{quoted(path)} holds colours that are no classes of this layout, "
            f"{', '.join(map(str, unknown[:SHOWN]))}{more}: save numbers of classes, grey or with "
            "a palette"
        )
    numbers = np.array([known[colour] for colour in listed], np.uint8)
    return numbers[index.reshape(pixels.shape[:2])]
