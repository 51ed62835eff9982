"""The course of one run: what was drawn for it, and where everything is at frame t."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fluorosynth.geometry.arc_path import STEP, ArcPath, Curve, complex_curve, slid
from fluorosynth.geometry.warp import Field
from fluorosynth.sample import Device, Sample
from fluorosynth.xray.blur import interpolated

MARGIN = 2.0  # px from the border within which an instrument counts as entering there
CELL = 8  # px: the background's motion is linear in between
Key = tuple[float, float]


@dataclass(frozen=True)
class Pull:
    """How an instrument is moved through its path.

    Parameters
    ----------
    share
        Of the heart's and the breath's motion.
    base
        Arc length at which its preformed end begins, px.
    speed, reach, phase
        px/s and px of a triangular wave that ends at rest, and where in it (0..2) a run begins.
    torque
        Radians a second.
    """

    share: float
    base: float
    speed: float = 0.0
    reach: float = 1.0
    phase: float = 1.0
    torque: float = 0.0

    def by(self, time: float) -> float:
        """Return how far it is pushed, px: at most 0, its place at rest."""
        return -self.reach * abs(1 - (self.phase + time * self.speed / self.reach) % 2)


@dataclass(frozen=True)
class Course:
    """One run. Lengths in px, times in s, directions as complex numbers x + 1j y.

    Parameters
    ----------
    rate
        Frames a second.
    centre, radius
        Of the heart: its motion fades out as a Gaussian.
    heart, beats, breath, breaths, phases
        Amplitudes, with their directions, and frequencies; where in either cycle the run begins.
    background
        Share of both that the picture behind takes.
    pan, pan_start, pan_seconds
        The table's move.
    bolus, bolus_start
        How long contrast stays, and since when.
    lag
        K of the recursive filter.
    pulls
        By where instruments enter: those that enter as one move as one.
    """

    rate: float
    centre: complex
    radius: float
    heart: complex
    beats: float
    breath: complex
    breaths: float
    phases: tuple[float, float]
    background: float
    pan: complex
    pan_start: float
    pan_seconds: float
    bolus: float
    bolus_start: float
    lag: float
    pulls: Mapping[Key, Pull]

    def frames(self, sample: Sample, count: int) -> list[Sample]:
        """Return the first ``count`` frames of a sample that is not rendered yet.

        All have the same instruments with the same points: point j of an instrument is the same
        piece of it in every frame.
        """
        found, drawn = [], self._drawn()
        tracks = [self._track(device, sample.image.shape) for device in sample.devices]
        for t in range(count):
            moment = Moment(self, t, sample.devices)
            devices = tuple(moment.moved_device(track) for track in tracks)
            meta = {**sample.meta, "frame": t, "time": moment.time, "motion": drawn}
            found.append(sample.with_(devices=devices, meta=meta, moment=moment))
        return found

    def _drawn(self) -> dict[str, Any]:
        """Return all that was drawn, for the provenance; directions as [x, y]."""
        found = {f.name: _plain(getattr(self, f.name)) for f in fields(self) if f.name != "pulls"}
        return found | {"pulls": [asdict(pull) for pull in self.pulls.values()]}

    def _track(self, device: Device, shape: tuple[int, int]) -> Track:
        """Lay material points along a device, and on beyond the border that it comes from."""
        path = ArcPath.of(device.centreline)
        inside = np.linspace(0.0, path.length, max(round(path.length / STEP), 1) + 1)
        start = path.curve[0]
        room = min(start.real, start.imag, shape[1] - 1 - start.real, shape[0] - 1 - start.imag)
        drawn_in = abs(self.pan) + 1.2 * abs(self.heart) + abs(self.breath)
        out = 2 * drawn_in + MARGIN  # twice: it may enter at a slant
        outside = np.arange(-out if room <= MARGIN else 0.0, 0.0, STEP)
        marks = np.append(outside, inside)
        lengths = np.append(0.0, np.cumsum(np.abs(np.diff(complex_curve(device.centreline)))))
        width = np.interp(marks, lengths, device.width).astype(np.float32)
        return Track(device, width, path, marks, self.pulls[entry(device)])


@dataclass(frozen=True)
class Track:
    """An instrument at rest: its path, its material points on it, and how it is moved."""

    device: Device
    width: NDArray[np.float32]
    path: ArcPath
    marks: NDArray[np.float64]
    pull: Pull


@dataclass(frozen=True)
class Moment:
    """Frame ``t`` of a run.

    Parameters
    ----------
    course
        What was drawn for the run.
    t
        Number of the frame, >= 0.
    rest
        The instruments before anything moved.
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
        phase = (self.course.phases[0] + self.time * self.course.beats) % 1
        return 0.5 - 0.5 * math.cos(2 * math.pi * phase**0.7)

    @property
    def breath(self) -> float:
        """How far a breath has been drawn, 0..1; longest near exhalation (Lujan et al. 1999)."""
        phase = self.course.phases[1] + self.time * self.course.breaths
        return 1 - math.cos(math.pi * phase) ** 4

    @property
    def contrast(self) -> float:
        """Share of the contrast medium that is in the vessels, 0..1."""
        since = (self.time - self.course.bolus_start) / self.course.bolus
        return math.sin(math.pi * since) ** 2 if 0 < since < 1 else 0.0

    def displacement(self, at: Curve, heart: float = 0.0, breath: float = 0.0) -> Curve:
        """Return how far points at rest are displaced by now.

        Parameters
        ----------
        at
            Complex, any shape, px.
        heart, breath
            Shares of these two; the table moves everything.
        """
        course = self.course
        done = (self.time - course.pan_start) / course.pan_seconds
        everywhere = min(max(done, 0.0), 1.0) * course.pan + breath * self.breath * course.breath
        away = (at - course.centre) / course.radius
        near = np.exp(-0.5 * (away.real**2 + away.imag**2))
        swing = course.heart - 0.5 * abs(course.heart) * away  # one way, and it contracts
        return np.asarray(everywhere + (heart * self.beat) * near * swing)

    def place(self, x: float, y: float, heart: float = 0.0, breath: float = 0.0) -> Key:
        """Return where a point at rest is by now."""
        at = np.array([complex(x, y)])
        point = complex((at + self.displacement(at, heart, breath))[0])
        return point.real, point.imag

    def background(self, shape: tuple[int, int]) -> Field:
        """Return how far the picture behind is displaced at each pixel, x and y ``(H, W)``."""
        height, width = (-(-side // CELL) * CELL for side in shape)
        x, y = np.arange(0, width, CELL), np.arange(0, height, CELL)
        share, middle = self.course.background, (CELL - 1) / 2
        field = self.displacement(x + middle + 1j * (y[:, None] + middle), share, share)
        parts = field.real.astype(np.float32), field.imag.astype(np.float32)
        return interpolated(parts[0], CELL, shape), interpolated(parts[1], CELL, shape)

    def moved_device(self, track: Track) -> Device:
        """Return an instrument where it is by now: slid along its path, then displaced."""
        pull = track.pull
        turn = pull.torque * self.time
        curve = slid(track.path, track.marks, pull.by(self.time), pull.base, turn)
        curve = curve + self.displacement(curve, pull.share, pull.share)
        points = np.column_stack([curve.real, curve.imag]).astype(np.float32)
        return replace(track.device, centreline=points, width=track.width)


def entry(device: Device) -> Key:
    """Return where a device begins: a wire inside a catheter begins with it."""
    x, y = device.centreline[0].tolist()
    return x, y


def _plain(value: Any) -> Any:
    return [value.real, value.imag] if isinstance(value, complex) else value
