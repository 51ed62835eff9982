"""Ribs: rows of hollow, curved bars."""

from __future__ import annotations

import numpy as np

from fluorosynth.anatomy.shapes import tube
from fluorosynth.anatomy.tissue import BONE
from fluorosynth.anatomy.view import Map, View


def ribs(view: View, x: float, slant: float, rng: np.random.Generator) -> Map:
    """Attenuation of one wall's ribs, leaving the spine at ``x`` mm.

    Parameters
    ----------
    view
        The frame.
    x
        Where the ribs start, mm; they are mirrored about it.
    slant
        Descent per mm sideways: positive for posterior, negative for anterior ribs.
    rng
        Draws spacing, width, curvature and density.
    """
    spacing, radius = rng.uniform(24.0, 36.0), rng.uniform(4.5, 7.0)
    across, down = view.turned(x, rng.uniform(0, spacing), rng.normal(0.0, 0.06))
    out = np.abs(across)
    bow = rng.uniform(0.001, 0.005) * np.sign(slant)
    path = down - slant * out + bow * out**2
    level = np.floor(path / spacing)
    k = np.clip(level - level.min(), 0, 63).astype(int)
    offset = rng.normal(0.0, 0.08 * spacing, 64)[k]
    steep = slant - 2 * bow * out
    d = (path - (level + 0.5) * spacing - offset) / np.sqrt(1 + steep * steep)
    bone = tube(d, radius, rng.uniform(0.5, 1.1))
    return BONE * rng.uniform(0.35, 0.9) * bone * np.clip(out / 12.0 - 0.6, 0.0, 1.0)
