"""The spine: vertebrae with endplates, pedicles and processes, in a band of soft tissue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fluorosynth.anatomy.fields import Map, smooth
from fluorosynth.anatomy.shapes import ball, shell, step
from fluorosynth.anatomy.view import View
from fluorosynth.xray.materials import BONE_ADDS, SOFT_TISSUE


@dataclass(frozen=True)
class Spine:
    """Place and shape of a stretch of spine, lengths in mm, angles in radians.

    Parameters
    ----------
    x
        Distance of a point of the axis to the right of the frame's centre, mm.
    y
        Distance of that point below the frame's centre, mm.
    angle
        Direction of the axis, radians; 0: down the frame.
    pitch
        Distance between vertebrae, mm.
    disc
        Height of a disc, mm.
    half
        Half the width of a body, mm.
    tilt
        Ratio of the axes of an endplate's ellipse: how far it is seen from above.
    oblique
        Sideways shift of the processes against the body, in half widths; 0: frontal view.
    """

    x: float
    y: float
    angle: float
    pitch: float
    disc: float
    half: float
    tilt: float
    oblique: float

    @classmethod
    def draw(cls, x: float, rng: np.random.Generator) -> Spine:
        """Draw a thoracic or upper lumbar spine.

        Parameters
        ----------
        x
            Distance of its middle to the right of the frame's centre, mm.
        rng
            Source of all draws.
        """
        pitch = rng.uniform(24.0, 33.0)
        return cls(
            x=x,
            y=rng.uniform(-15.0, 15.0),
            angle=rng.normal(0.0, 0.07),
            pitch=pitch,
            disc=rng.uniform(0.15, 0.26) * pitch,
            half=rng.uniform(0.55, 0.72) * pitch,
            tilt=rng.uniform(0.05, 0.25),
            oblique=rng.normal(0.0, 0.5),
        )


def spine(view: View, shape: Spine, rng: np.random.Generator) -> Map:
    """Return the attenuation of the vertebral column and of the tissue that sheathes it.

    Parameters
    ----------
    view
        Pixels in patient coordinates.
    shape
        Place and shape of the spine.
    rng
        Source of all draws.
    """
    total = np.zeros_like(view.x)
    reach = 2.6 * shape.half + 0.5 * view.fov * abs(np.tan(shape.angle))
    part, place = view.band(shape.x, reach)
    t, s = part.turned(shape.x, shape.y, shape.angle)
    level = np.floor(s / shape.pitch)
    k = level.astype(int) & 31
    shift, turn = rng.normal(0.0, 0.7, (2, 32)), rng.normal(0.0, 0.05, 32)[k]
    u = s - (level + 0.5) * shape.pitch
    around, t = t, t + shift[0, k] - turn * u
    u += shift[1, k] + turn * around
    sway = 2.5 * smooth(rng.standard_normal((9, 9)), view.size)[place]
    bone = _body(t, u, shape, rng) + _processes(t, u, shape, rng)
    bone *= rng.uniform(0.6, 1.1, 32)[k]
    total[place] = BONE_ADDS * rng.uniform(0.4, 1.3) * bone + _sheath(around + sway, shape, rng)
    return total


def _body(t: Map, u: Map, shape: Spine, rng: np.random.Generator) -> Map:
    """Path (mm of cortical bone) through the vertebral bodies."""
    high = (shape.pitch - shape.disc) / 2
    up = np.abs(u)
    edge = shape.half * (0.88 + 0.12 * (u / high) ** 2) - np.abs(t)
    inside = step(edge, 2.5) * step(high - up, 2.0)
    rim = max(shape.tilt * shape.half, 1.0)
    r = np.sqrt((t / shape.half) ** 2 + ((up - high) / rim) ** 2)
    ring = np.maximum(1.0 - ((r - 0.9) / 0.2) ** 2, 0.0)
    plate = rng.uniform(0.6, 2.2) * ring + rng.uniform(0.2, 1.5) * step(1 - r, 0.3)
    cortex = np.maximum(1.0 - ((edge - 1.2) / 1.6) ** 2, 0.0)
    return inside * (rng.uniform(0.8, 2.8) + rng.uniform(0.2, 1.5) * cortex) + plate


def _processes(t: Map, u: Map, shape: Spine, rng: np.random.Generator) -> Map:
    """Path (mm of cortical bone) through pedicles, spinous and transverse processes."""
    shift, half = shape.oblique * shape.half, shape.half
    v = (u + 0.12 * shape.pitch) / (rng.uniform(0.16, 0.24) * shape.pitch)
    w = np.abs(t - 0.6 * shift) / (0.2 * half) - rng.uniform(2.5, 3.2)
    low = (u - 0.28 * shape.pitch) / (rng.uniform(0.2, 0.3) * shape.pitch)
    spinous = ball(((t - 1.5 * shift) / (0.15 * half * (1.3 + 0.5 * low))) ** 2 + low * low)
    flat = (u + 0.05 * shape.pitch - 0.1 * np.abs(t)) / (0.15 * shape.pitch)
    wing = ball(((np.abs(t - 0.8 * shift) - 1.1 * half) / (0.6 * half)) ** 2 + flat * flat)
    ring = rng.uniform(0.5, 3.0) * shell(w * w + v * v, 0.4)
    return ring + rng.uniform(1.0, 3.0) * spinous + rng.uniform(0.5, 2.5) * wing


def _sheath(t: Map, shape: Spine, rng: np.random.Generator) -> Map:
    """Attenuation of discs, muscles and the descending aorta along the column."""
    right, left = (shape.half * rng.uniform(1.05, 1.5, 2)).tolist()
    soft = step(right - t, rng.uniform(2, 10)) * step(left + t, rng.uniform(2, 10))
    side, radius = rng.choice((-1.0, 1.0)), rng.uniform(10.0, 14.0)
    aorta = 2 * radius * ball(((t - side * (right - 0.4 * radius)) / radius) ** 2)
    return SOFT_TISSUE * (rng.uniform(8.0, 28.0) * soft + 0.5 * aorta)
