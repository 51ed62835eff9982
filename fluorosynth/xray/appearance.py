"""What instruments are made of, as tubes that can be drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from fluorosynth.geometry.path_length import add_path_length
from fluorosynth.sample import Device, Intensities


@dataclass(frozen=True, slots=True)
class Appearance:
    """How one instrument is drawn. Lengths in px.

    Parameters
    ----------
    mu
        Attenuation of the wall, 1/px.
    lumen
        Inner over outer diameter, 0 (solid) to below 1.
    overlap
        Whether passes of a crossing instrument add up.
    band_mu
        Attenuation of marker bands, electrodes or a wire's coil, 1/px.
    band_lumen
        Inner over outer diameter of these.
    bands
        Begin and end of each band, ``(n, 2)``, as arc lengths from the tip.
    core_mu
        Attenuation of a wire inside, 1/px.
    core
        Diameter of that wire as a fraction of the instrument's width; 0: none.
    """

    mu: float
    lumen: float = 0.0
    overlap: bool = True
    band_mu: float = 0.0
    band_lumen: float = 0.9
    bands: tuple[tuple[float, float], ...] = ()
    core_mu: float = 0.0
    core: float = 0.0


def cast_shadow(out: Intensities, device: Device, look: Appearance) -> None:
    """Add the attenuation mu L of one instrument to a picture.

    Parameters
    ----------
    out
        Sum so far, ``(H, W)`` float32, written to.
    device
        Instrument in pixels of the picture.
    look
        Materials and parts of the instrument.

    Examples
    --------
    >>> wire = Device(np.float32([[4, -9], [4, 18]]), np.float32([2, 2]))
    >>> out = np.zeros((9, 9), np.float32)
    >>> cast_shadow(out, wire, Appearance(0.5))
    >>> round(float(out[4, 4]), 2)  # 2 px less the rounding
    0.96
    """
    half = device.width * np.float32(0.5)
    inner = half * np.float32(look.lumen)
    add_path_length(out, device.centreline, half, inner, look.mu, look.overlap)
    if look.core > 0:
        core = half * np.float32(look.core)
        nothing = np.zeros_like(core)
        add_path_length(out, device.centreline, core, nothing, look.core_mu, look.overlap)
    if look.bands:
        points, ends = _pieces(device.centreline, np.array(look.bands))
        half = np.full(len(points), 0.525 * device.width[-1], np.float32)
        inner = half * np.float32(look.band_lumen)
        add_path_length(out, points, half, inner, look.band_mu, overlap=True, ends=ends)


@njit(cache=True)
def _pieces(centreline, bands):  # type: ignore[no-untyped-def]
    """Return the parts of a curve between two arc lengths from its tip each, and their ends."""
    count, n, found = len(centreline), 0, 0
    points = np.empty((len(bands) * (count + 1), 2), np.float32)
    ends = np.empty(len(bands), np.int64)
    for begin, end in bands:
        first_point, arc = n, 0.0
        for i in range(count - 1, 0, -1):
            x, y = np.float64(centreline[i, 0]), np.float64(centreline[i, 1])
            dx, dy = centreline[i - 1, 0] - x, centreline[i - 1, 1] - y
            length = math.sqrt(dx * dx + dy * dy)
            if arc + length > max(begin, arc):  # this segment, or a part of it
                first, last = max((begin - arc) / length, 0.0), min((end - arc) / length, 1.0)
                if n == first_point:  # number by number: quicker to compile than as points
                    points[n, 0], points[n, 1], n = x + first * dx, y + first * dy, n + 1
                points[n, 0], points[n, 1], n = x + last * dx, y + last * dy, n + 1
            arc += length
            if arc >= end:
                break
        if n > first_point:
            ends[found], found = n, found + 1
    return points[:n], ends[:found]
