"""Instruments of stated width and bend: a shaft from the border, then an arc to the tip."""

from __future__ import annotations

import cmath
import math

import numpy as np

from fluorosynth.devices.spline import OpenSpline, Spline
from fluorosynth.devices.tips import spacing
from fluorosynth.errors import UsageError
from fluorosynth.sample import Complex, Device

ARC = 90.0  # px of a 256 px picture: the last part of an instrument, which bends
MOST = 1.5 * math.pi  # of a turn, for tight bends
INSIDE = 0.06  # sides of the picture: how far from the border a tip lies at least
TRIES = 1000


def open_courses(size: int) -> OpenSpline:
    """Return the source of shafts for pictures of a size.

    Parameters
    ----------
    size
        Side of the pictures, px.
    """
    return OpenSpline(Spline(bow=0.15), size)


def draw_instrument(
    courses: OpenSpline, width: float, radius: float, rng: np.random.Generator
) -> Device:
    """Draw one instrument whose tip lies in the picture.

    Parameters
    ----------
    courses
        Source of shafts.
    width
        Outer diameter, px of a 256 px picture.
    radius
        Bending radius of its last 90 px (three quarters of a turn at most), px of a 256 px
        picture. The shaft before it bends gently, at 60 px or more.
    rng
        Source of the course. The place of the shaft does not depend on ``width``.

    Returns
    -------
    Device
        From the border to the tip, in pixels of the picture.

    Examples
    --------
    >>> device = draw_instrument(open_courses(256), 4.0, 20.0, np.random.default_rng(0))
    >>> device.centreline.shape[1], float(device.width[0])
    (2, 4.0)
    """
    size = courses.size
    scale = size / 256
    for _ in range(TRIES):
        shaft = courses.course(8 * scale, 60 * scale, rng)  # begins 4 px outside
        sign = 1 if rng.random() < 0.5 else -1
        curve = np.concatenate([shaft, shaft[-1] + _arc(shaft, radius, sign, scale)])
        tip = curve[-1] / size
        if all(INSIDE < part < 1 - INSIDE for part in (tip.real, tip.imag)):
            points = curve.view(np.float64).reshape(-1, 2).astype(np.float32)
            return Device(points, np.full(len(points), width * scale, np.float32), id="stress")
    raise UsageError(f"no instrument with a radius of {radius} px fits in {TRIES} tries")


def _arc(shaft: Complex, radius: float, sign: int, scale: float) -> Complex:
    """Return the points after the shaft's end, relative to it."""
    turn = min(ARC / radius, MOST)
    pixels = turn * radius * scale
    count = math.ceil(pixels / spacing(1 / (radius * scale)))
    step = shaft[-1] - shaft[-2]
    half = cmath.rect(1.0, sign * turn / count / 2)
    # A chord of an arc points along the mean of its two tangents
    chords = step / abs(step) * half ** (2 * np.arange(count) + 1) * (pixels / count)
    return np.asarray(np.cumsum(chords), np.complex128)
