"""Ribs: rows of hollow, curved bars."""

from __future__ import annotations

import numpy as np
from numba import njit

from fluorosynth.anatomy.fields import Map, smooth
from fluorosynth.anatomy.shapes import tube
from fluorosynth.anatomy.view import View
from fluorosynth.xray.materials import BONE_ADDS


def ribs(view: View, x: float, slant: float, rng: np.random.Generator) -> Map:
    """Return the attenuation of one wall's ribs, leaving the spine at ``x`` mm.

    Parameters
    ----------
    view
        Pixels in patient coordinates.
    x
        Distance of the ribs' start to the right of the frame's centre, mm; they are mirrored about
        it.
    slant
        Descent per mm sideways: positive for posterior, negative for anterior ribs.
    rng
        Source of spacing, width, curvature and density.
    """
    spacing, radius = rng.uniform(24.0, 36.0), rng.uniform(4.5, 7.5)
    out, path = view.turned(x, rng.uniform(0, spacing), rng.normal(0.0, 0.06))
    bow = rng.uniform(0.001, 0.006) * np.sign(slant)
    offset, wall = rng.normal(0.5, 0.15, 32), rng.uniform(0.6, 1.5)
    seen = smooth(rng.standard_normal((5, 5)), view.size)
    density = rng.uniform(0.15, 0.55) * rng.uniform(0.2, 1.0, 32)
    _bars(path, out, seen, offset, density, slant, bow, spacing, radius, wall)
    return path


@njit(cache=True)
def _bars(  # type: ignore[no-untyped-def]
    path, out, seen, offset, density, slant, bow, spacing, radius, wall
):
    """Turn (down, sideways) in mm into attenuation, in place of ``path``."""
    for j in range(len(path)):
        for i in range(path.shape[1]):
            aside = abs(out[j, i])
            at = (path[j, i] + (bow * aside - slant) * aside) / spacing
            level = np.floor(at)
            k = int(level) & 31
            # Seen along its slope, a bar at steepness m is thinner across by 1 / sqrt(1 + m^2)
            steep = slant - 2 * bow * aside
            d = (at - level - offset[k]) * (spacing / np.sqrt(1 + steep * steep))
            bone = tube(d, radius, wall)
            visible = min(max(0.6 + 0.5 * seen[j, i], 0.0), 1.0)
            rise = min(max(aside / 12.0 - 0.6, 0.0), 1.0)
            path[j, i] = BONE_ADDS * (bone * density[k]) * visible * rise
