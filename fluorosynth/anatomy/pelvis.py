"""The edge of the pelvis."""

from __future__ import annotations

import numpy as np

from fluorosynth.anatomy.fields import Map
from fluorosynth.anatomy.shapes import ball, shell
from fluorosynth.anatomy.view import View
from fluorosynth.xray.materials import BONE_ADDS


def wing(view: View, x: float, y: float, rng: np.random.Generator) -> Map:
    """Return the attenuation of an iliac wing: a wide, thin, curved plate about a point.

    Parameters
    ----------
    view
        Pixels in patient coordinates.
    x
        Distance of the point to the right of the frame's centre, mm.
    y
        Distance of the point below the frame's centre, mm.
    rng
        Source of all draws.
    """
    wide, high = rng.uniform(45.0, 70.0), rng.uniform(55.0, 80.0)
    across, along = view.turned(x, y, rng.uniform(-0.8, 0.8))
    r2 = (across / wide) ** 2 + (along / high) ** 2
    crest = shell(r2, rng.uniform(0.05, 0.12)) * np.clip(0.6 - along / high, 0.0, 1.0)
    return BONE_ADDS * (rng.uniform(4.0, 9.0) * crest + rng.uniform(1.0, 4.0) * ball(r2))
