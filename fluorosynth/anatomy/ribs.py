"""Ribs: rows of hollow, curved bars."""

from __future__ import annotations

import numpy as np

from fluorosynth.anatomy.fields import Map, smooth
from fluorosynth.anatomy.shapes import tube
from fluorosynth.anatomy.tissue import BONE
from fluorosynth.anatomy.view import View


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
    out = np.abs(out)
    bow = rng.uniform(0.001, 0.006) * np.sign(slant)
    path += (bow * out - slant) * out
    path /= spacing
    level = np.floor(path)
    k = level.astype(int) & 31
    offset = rng.normal(0.5, 0.15, 32)
    # Seen along its slope, a bar at steepness m is thinner across by 1 / sqrt(1 + m^2).
    across = spacing / np.sqrt(1 + (slant - 2 * bow * out) ** 2)
    bone = tube((path - level - offset[k]) * across, radius, rng.uniform(0.6, 1.5))
    visible = np.clip(0.6 + 0.5 * smooth(rng.standard_normal((5, 5)), view.size), 0.0, 1.0)
    density = rng.uniform(0.15, 0.55) * rng.uniform(0.2, 1.0, 32)
    bone *= density[k]
    return BONE * bone * visible * np.clip(out / 12.0 - 0.6, 0.0, 1.0)
