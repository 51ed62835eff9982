"""From line integrals to the grey levels of a fluoroscope."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fluorosynth.anatomy.compose import aperture, display, expose
from fluorosynth.anatomy.noise import quantum
from fluorosynth.sample import Image

Lines = NDArray[np.float64]

SATURATION = 2.0  # ln of how much brighter than the median pixel a detector still tells apart


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
