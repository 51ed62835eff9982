"""From line integrals to the grey levels of a fluoroscope."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.anatomy.compose import aperture, display, expose
from fluorosynth.anatomy.noise import quantum
from fluorosynth.sample import Image

Lines = NDArray[np.float64]

SATURATION = 2.0  # ln of how much brighter than the median pixel a detector still tells apart


def sharpened(lines: Lines, amount: float, sigma: float) -> Lines:
    """Return line integrals with unsharp masking: ``lines + amount (lines - G * lines)``.

    A CT's voxels are larger than the pixels of a fluoroscope, and interpolation between them blurs
    further. This brings edges back, and the noise of the CT with them.

    Parameters
    ----------
    lines
        Line integrals, ``(S, S)`` float64.
    amount
        Weight of the difference; 0: none.
    sigma
        Standard deviation of the Gaussian G, px.

    Examples
    --------
    >>> edge = np.repeat([0.0, 1.0], 8)[None].repeat(16, 0)
    >>> bool(np.ptp(sharpened(edge, 1.0, 2.0)) > np.ptp(edge))
    True
    """
    if amount == 0 or sigma <= 0:
        return lines
    soft = cv2.GaussianBlur(lines, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(lines + amount * (lines - soft))


def to_grey(lines: Lines, rng: np.random.Generator, borders: float, noise: float) -> Image:
    """Return line integrals as ``(S, S)`` uint8, dense material dark.

    Exposure, scatter, dynamic range compression, edge enhancement, window, the edge of the
    exposed field and quantum noise are drawn as for procedural backgrounds.

    Parameters
    ----------
    lines
        Line integrals, ``(S, S)`` float64, no unit.
    rng
        Source of all draws.
    borders
        Probability that the edge of the field shows.
    noise
        Factor on the quantum noise.
    """
    lines = lines - np.median(lines)  # exposure control
    grey = display(expose(np.maximum(lines, -SATURATION), rng), rng)
    grey = grey * aperture(len(lines), rng, borders)
    grey += quantum(grey, rng, noise * rng.uniform(2.3, 5.0))
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)
