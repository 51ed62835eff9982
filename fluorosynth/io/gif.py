"""Moving pictures as a GIF, which every viewer shows."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fluorosynth.io.atomic import replacing


def write_gif(pictures: Iterable[NDArray[np.uint8]], path: Path, rate: float) -> None:
    """Write pictures that repeat without end; the file appears when complete.

    Parameters
    ----------
    pictures
        Pictures, at least one, ``(H, W)`` grey or ``(H, W, 3)`` RGB, of one size.
    path
        File to write.
    rate
        Pictures a second.

    Raises
    ------
    OSError
        When the file cannot be written.
    """
    from PIL import Image

    first, *others = (Image.fromarray(picture) for picture in pictures)
    each = round(1000 / rate)
    with replacing(path, sync=False) as part:
        first.save(part, "GIF", save_all=True, append_images=others, duration=each, loop=0)
