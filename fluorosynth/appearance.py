"""What instruments are made of, as tubes that can be drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fluorosynth.chords import add_path_length
from fluorosynth.sample import Device, Intensities, Points


@dataclass(frozen=True, slots=True)
class Appearance:
    """How one instrument is drawn. Lengths in px.

    Parameters
    ----------
    mu
        Attenuation of the wall in 1/px.
    lumen
        Inner over outer diameter, 0 (solid) to below 1.
    overlap
        Whether passes of a crossing instrument add up.
    band_mu, band_lumen
        The same of marker bands, electrodes or a wire's coil.
    bands
        ``(n, 2)``: where bands begin and end, as arc lengths from the tip.
    core_mu, core
        Attenuation of a wire inside, 1/px, and its diameter in those of the instrument; 0: none.
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
    """Add the attenuation mu L of one instrument to ``out``, ``(H, W)`` float32.

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
    for begin, end in look.bands:
        points = _piece(device.centreline, begin, end)
        if len(points) > 1:
            half = np.full(len(points), 0.525 * device.width[-1], np.float32)
            inner = half * np.float32(look.band_lumen)
            add_path_length(out, points, half, inner, look.band_mu, overlap=True)


def _piece(centreline: Points, begin: float, end: float) -> Points:
    """Return the part of a curve between two arc lengths from its tip."""
    back = centreline[::-1]
    steps = np.diff(back, axis=0)
    arc: NDArray[np.float64] = np.zeros(len(back))
    np.cumsum(np.sqrt(steps[:, 0] ** 2 + steps[:, 1] ** 2), out=arc[1:])
    if begin >= arc[-1]:
        return back[:0]
    end = min(end, float(arc[-1]))
    inside = (arc > begin) & (arc < end)
    at = np.concatenate([[begin], arc[inside], [end]])
    x, y = np.interp(at, arc, back[:, 0]), np.interp(at, arc, back[:, 1])
    return np.column_stack([x, y]).astype(np.float32)
