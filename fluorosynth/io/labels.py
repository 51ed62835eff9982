"""Label images: whole numbers that must not be scaled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fluorosynth.io.guard import check_shape, untrusted


def read_labels(path: Path) -> NDArray[Any]:
    """Return the labels of a PNG as they are stored.

    Returns
    -------
    NDArray
        ``(H, W)`` uint8 or uint16: grey values, palette indices, 0 and 1 of a bilevel image;
        of a colour image the largest channel.

    Raises
    ------
    BadDataError
        When the file is missing, broken, too small or too large.
    """
    with untrusted(path), Image.open(path, formats=("PNG",)) as image:
        check_shape(path, image.height, image.width)
        coloured = image.mode in ("LA", "RGB", "RGBA")
        labels = np.asarray(image.convert("RGB") if coloured else image)
        return labels.max(axis=2) if coloured else labels + np.uint8(0)
