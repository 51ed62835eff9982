"""The spine: vertebrae with endplates, pedicles and processes, in a band of soft tissue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fluorosynth.anatomy.shapes import ball, shell, step
from fluorosynth.anatomy.tissue import BONE, WATER
from fluorosynth.anatomy.view import Map, View


@dataclass(frozen=True)
class Spine:
    """Place and shape of a stretch of spine, lengths in mm, angles in radians.

    Parameters
    ----------
    x, y, angle
        A point of the axis and its direction (0: down the frame).
    pitch, disc, half
        Distance between vertebrae, height of a disc, half width of a body.
    tilt
        How far an endplate is seen from above, as the ratio of its ellipse's axes.
    oblique
        Sideways shift of the processes against the body, in half widths (0: frontal view).
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
        """Draw a thoracic or upper lumbar spine through (x, ~0)."""
        pitch = rng.uniform(25.0, 34.0)
        return cls(
            x=x,
            y=rng.uniform(-15.0, 15.0),
            angle=rng.normal(0.0, 0.06),
            pitch=pitch,
            disc=rng.uniform(0.15, 0.24) * pitch,
            half=rng.uniform(0.52, 0.66) * pitch,
            tilt=rng.uniform(0.05, 0.22),
            oblique=rng.normal(0.0, 0.45),
        )


def spine(view: View, shape: Spine, rng: np.random.Generator) -> Map:
    """Attenuation of the vertebral column and of the tissue that sheathes it."""
    t, s = view.turned(shape.x, shape.y, shape.angle)
    level = np.floor(s / shape.pitch)
    u = s - (level + 0.5) * shape.pitch
    t, u = _jitter(t, u, level, rng)
    bone = _body(t, u, shape, rng) + _processes(t, u, shape, rng)
    return BONE * rng.uniform(0.5, 1.0) * bone + _sheath(t, shape, rng)


def _jitter(t: Map, u: Map, level: Map, rng: np.random.Generator) -> tuple[Map, Map]:
    """Shift and turn each vertebra a little."""
    index = (level - level.min()).astype(int)
    shift, turn = rng.normal(0.0, 0.6, (64, 2)), rng.normal(0.0, 0.04, 64)
    k = np.minimum(index, 63)
    return t + shift[k, 0] - turn[k] * u, u + shift[k, 1] + turn[k] * t


def _body(t: Map, u: Map, shape: Spine, rng: np.random.Generator) -> Map:
    """Path (mm of cortical bone) through the vertebral bodies."""
    high = (shape.pitch - shape.disc) / 2
    waist = shape.half * (0.90 + 0.10 * (u / high) ** 2)
    inside = step(waist - np.abs(t), 2.5)
    spongy = 4.0 * inside * step(high - np.abs(u), 2.0) * (0.6 + 0.4 * ball((t / waist) ** 2))
    cortex = np.exp(-(((waist - 1.0 - np.abs(t)) / 0.9) ** 2)) * step(high - np.abs(u), 4.0)
    rim = max(shape.tilt * shape.half, 0.8)
    r = np.sqrt((t / shape.half) ** 2 + ((np.abs(u) - high) / rim) ** 2)
    plate = rng.uniform(1.0, 2.5) * np.exp(-(((r - 0.92) / 0.12) ** 2)) + 1.2 * step(1 - r, 0.3)
    return spongy + rng.uniform(0.5, 1.6) * cortex + plate


def _processes(t: Map, u: Map, shape: Spine, rng: np.random.Generator) -> Map:
    """Path (mm of cortical bone) through pedicles, spinous and transverse processes."""
    shift, half = shape.oblique * shape.half, shape.half
    v = (u + 0.12 * shape.pitch) / (0.19 * shape.pitch)
    pedicles = sum(
        shell(((t - 0.6 * shift - side * 0.58 * half) / (0.2 * half)) ** 2 + v * v, 0.3)
        for side in (-1, 1)
    )
    low = (u - 0.30 * shape.pitch) / (0.26 * shape.pitch)
    spinous = ball(((t - 1.5 * shift) / (0.13 * half * (1.3 + 0.5 * low))) ** 2 + low * low)
    flat = (u + 0.05 * shape.pitch - 0.1 * np.abs(t)) / (0.14 * shape.pitch)
    wing = ball(((np.abs(t - 0.8 * shift) - 1.1 * half) / (0.55 * half)) ** 2 + flat * flat)
    size = rng.uniform(2.0, 5.0, 3)
    return size[0] * pedicles + size[1] * spinous + 0.5 * size[2] * wing


def _sheath(t: Map, shape: Spine, rng: np.random.Generator) -> Map:
    """Attenuation of discs, muscles and the descending aorta along the column."""
    wide = shape.half * rng.uniform(1.05, 1.35, 2)
    soft = 35.0 * step(wide[0] - t, rng.uniform(2, 8)) * step(wide[1] + t, rng.uniform(2, 8))
    side, radius = np.sign(rng.random() - 0.3), rng.uniform(11.0, 15.0)
    aorta = 2 * radius * ball(((t - side * (wide[0] - 0.3 * radius)) / radius) ** 2)
    return WATER * (0.5 * soft + 0.5 * aorta)
