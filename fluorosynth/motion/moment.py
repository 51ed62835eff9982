"""One frame of a sequence: how far everything has moved by then."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fluorosynth.geometry.arc_path import Curve
from fluorosynth.geometry.warp import Field
from fluorosynth.motion.course import Course, Key
from fluorosynth.sample import Device
from fluorosynth.xray.blur import interpolated

CELL = 8  # px: the background's motion is linear in between


@dataclass(frozen=True)
class Moment:
    """One frame of a sequence.

    Parameters
    ----------
    course
        Draws of the sequence.
    t
        Number of the frame, from 0.
    rest
        Instruments before anything moved.
    """

    course: Course
    t: int
    rest: tuple[Device, ...] = ()

    @property
    def lag(self) -> float:
        """K of the detector's recursive filter; 1: none."""
        return self.course.lag

    @property
    def time(self) -> float:
        """Seconds since frame 0."""
        return self.t / self.course.rate

    @property
    def beat(self) -> float:
        """How far the heart has contracted, 0..1: quick in systole, slow in diastole."""
        phase = (self.course.phases[0] + self.time * self.course.heart_rate) % 1
        return 0.5 - 0.5 * math.cos(2 * math.pi * phase**0.7)

    @property
    def breath(self) -> float:
        """How far a breath has been drawn, 0..1; longest near exhalation (Lujan et al. 1999)."""
        phase = self.course.phases[1] + self.time * self.course.breath_rate
        return 1 - math.cos(math.pi * phase) ** 4

    @property
    def contrast(self) -> float:
        """Share of the contrast medium that is in the vessels, 0..1."""
        since = (self.time - self.course.bolus_start) / self.course.bolus
        return math.sin(math.pi * since) ** 2 if 0 < since < 1 else 0.0

    def displacement(self, at: Curve, heart: float = 0.0, breath: float = 0.0) -> Curve:
        """Return how far points at rest are displaced by now, px.

        Parameters
        ----------
        at
            Points, complex of any shape, px.
        heart
            Share of the heart's motion that they take; the table moves everything.
        breath
            Share of the breath's motion that they take.
        """
        course = self.course
        done = (self.time - course.pan_start) / course.pan_seconds
        pan = min(max(done, 0.0), 1.0) * course.pan
        everywhere = pan + breath * self.breath * course.breath_amplitude
        away = (at - course.centre) / course.radius
        near = np.exp(-0.5 * (away.real**2 + away.imag**2))
        way = course.heart_amplitude
        swing = way - 0.5 * abs(way) * away  # one way, and it contracts
        return np.asarray(everywhere + (heart * self.beat) * near * swing)

    def place(self, x: float, y: float, heart: float = 0.0, breath: float = 0.0) -> Key:
        """Return where a point at rest is by now.

        Parameters
        ----------
        x
            Column of the point, px.
        y
            Row of the point, px.
        heart
            Share of the heart's motion that it takes.
        breath
            Share of the breath's motion that it takes.
        """
        at = np.array([complex(x, y)])
        point = complex((at + self.displacement(at, heart, breath))[0])
        return point.real, point.imag

    def background(self, shape: tuple[int, int]) -> Field:
        """Return how far the picture behind is displaced at each pixel, x and y ``(H, W)``.

        Parameters
        ----------
        shape
            Height and width of the picture, px.
        """
        height, width = (-(-side // CELL) * CELL for side in shape)
        x, y = np.arange(0, width, CELL), np.arange(0, height, CELL)
        share, middle = self.course.background, (CELL - 1) / 2
        field = self.displacement(x + middle + 1j * (y[:, None] + middle), share, share)
        parts = field.real.astype(np.float32), field.imag.astype(np.float32)
        return interpolated(parts[0], CELL, shape), interpolated(parts[1], CELL, shape)
