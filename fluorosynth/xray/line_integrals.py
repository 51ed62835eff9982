"""Line integrals as the 8 bits of a picture, so that all that moves pictures moves them, too."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fluorosynth.sample import Image

SPAN = 5.0  # attenuation from black to white
BRIGHT = 0.005  # share of the pixels that may be brighter than white
SATURATION = 1.2  # attenuation from the median pixel to the brightest that a detector tells apart


def levels(lines: NDArray[Any]) -> Image:
    """Return the grey level 255 (1 - L / SPAN) of line integrals L, counted from the brightest.

    A step is an attenuation of .02, the quantum noise of 2600 photons: less than that of a pixel
    behind a body. An exposure is chosen for the body, so that a detector hardly tells lung from
    lung or air from air: what is brighter than the median by d comes out brighter by
    1.2 tanh(d / 1.2).

    Parameters
    ----------
    lines
        Attenuation along the ray of each pixel, ``(H, W)``, no unit.

    Examples
    --------
    >>> levels(np.array([[0.0, 0.0, 2.0, 9.0]])).tolist()
    [[255, 255, 162, 0]]
    """
    few = np.s_[::2, ::2] if min(lines.shape) > 32 else np.s_[:]
    lines = lines - np.median(lines[few])
    lines = np.where(lines < 0, SATURATION * np.tanh(lines / SATURATION), lines)
    brightest = np.quantile(lines[few], BRIGHT)
    grey = 255 - (lines - brightest) * (255 / SPAN)
    return np.asarray(np.clip(np.rint(grey), 0, 255), np.uint8)


def lines_of(image: Image, span: float = SPAN) -> NDArray[np.float64]:
    """Return the line integrals that grey levels stand for, ``(H, W)`` float64.

    Parameters
    ----------
    image
        Grey levels, ``(H, W)`` uint8.
    span
        Attenuation from black to white.

    Examples
    --------
    >>> lines_of(np.uint8([[255, 0]])).tolist()
    [[0.0, 5.0]]
    """
    return (255 - image.astype(np.float64)) * (span / 255)
