"""Pictures as they are displayed: turned by what their orientation tag says."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Pixel = TypeVar("Pixel", bound=np.generic)


def upright(image: NDArray[Pixel], orientation: int) -> NDArray[Pixel]:
    """Return a copy of a picture, as it is displayed.

    Parameters
    ----------
    image
        Picture as it is stored, ``(H, W)`` or ``(H, W, C)``.
    orientation
        EXIF's and TIFF's tag 274, 1 to 8; 1, and anything else, leaves it as it is.

    Examples
    --------
    >>> upright(np.array([[1, 2], [3, 4]]), 6).tolist()
    [[3, 1], [4, 2]]
    """
    if orientation in (5, 6, 7, 8):
        image = image.swapaxes(0, 1)
    rows = -1 if orientation in (3, 4, 7, 8) else 1
    columns = -1 if orientation in (2, 3, 6, 7) else 1
    return np.array(image[::rows, ::columns], order="C")
