"""The course of one sequence: what was drawn for it, and where everything is at frame t."""

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
WRITTEN = {  # fields whose names in the provenance are older
    "heart_amplitude": "heart",
    "heart_rate": "beats",
    "breath_amplitude": "breath",
    "breath_rate": "breaths",
}
Key = tuple[float, float]


@dataclass(frozen=True)
class Pull:
    """How an instrument is moved through its path.

    Parameters
    ----------
    share
        Share of the heart's and the breath's motion that the instrument takes.
    base
        Arc length at which its preformed end begins, px.
    speed
        Speed of a triangular wave along the path, px/s; the wave ends at rest.
    reach
        Height of that wave, px.
    phase
        Place in that wave at which the sequence begins, 0 to 2.
    torque
        Turn of the end about the shaft, radians a second.
    """

    share: float
    base: float
    speed: float = 0.0
    reach: float = 1.0
    phase: float = 1.0
    torque: float = 0.0

    def by(self, time: float) -> float:
        """Return how far the instrument is pushed, px: at most 0, its place at rest.

        Parameters
        ----------
        time
            Time since frame 0, s.
        """
        return -self.reach * abs(1 - (self.phase + time * self.speed / self.reach) % 2)


@dataclass(frozen=True)
class Course:
    """What was drawn for one sequence. Directions are complex numbers, x + 1j y.

    Parameters
    ----------
    rate
        Frames a second.
    centre
        Place of the heart, px.
    radius
        Standard deviation of the Gaussian in which its motion fades out, px.
    heart_amplitude
        Way of the heart's centre, with its direction, px.
    heart_rate
        Beats a second.
    breath_amplitude
        Way of a breath, with its direction, px.
    breath_rate
        Breaths a second.
    phases
        Places in the cycles of heart and breath at which the sequence begins, 0 to 1.
    background
        Share of both motions that the picture behind takes.
    pan
        Way of the table, with its direction, px.
    pan_start
        Time at which the table sets off, s.
    pan_seconds
        Time that it takes, s.
    bolus
        Time for which contrast medium stays, s.
    bolus_start
        Time at which it comes, s; it may be before frame 0.
    lag
        Weight K of the newest frame in the detector's recursive filter, in (0, 1].
    pulls
        Ways of moving instruments, by where these enter: those that enter as one move as one.
    """

    rate: float
    centre: complex
    radius: float
    heart_amplitude: complex
    heart_rate: float
    breath_amplitude: complex
    breath_rate: float
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
        """Return the first frames of a sample that is not rendered yet.

        All have the same instruments with the same points: point j of an instrument is the same
        piece of it in every frame.

        Parameters
        ----------
        sample
            Sample at rest.
        count
            Number of frames.
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
        names = [f.name for f in fields(self) if f.name != "pulls"]
        found = {WRITTEN.get(name, name): _plain(getattr(self, name)) for name in names}
        return found | {"pulls": [asdict(pull) for pull in self.pulls.values()]}

    def _track(self, device: Device, shape: tuple[int, int]) -> Track:
        """Lay material points along a device, and on beyond the border that it comes from."""
        path = ArcPath.of(device.centreline)
        inside = np.linspace(0.0, path.length, max(round(path.length / STEP), 1) + 1)
        start = path.curve[0]
        room = min(start.real, start.imag, shape[1] - 1 - start.real, shape[0] - 1 - start.imag)
        drawn_in = abs(self.pan) + 1.2 * abs(self.heart_amplitude) + abs(self.breath_amplitude)
        out = 2 * drawn_in + MARGIN  # twice: it may enter at a slant
        outside = np.arange(-out if room <= MARGIN else 0.0, 0.0, STEP)
        marks = np.append(outside, inside)
        lengths = np.append(0.0, np.cumsum(np.abs(np.diff(complex_curve(device.centreline)))))
        width = np.interp(marks, lengths, device.width).astype(np.float32)
        return Track(device, width, path, marks, self.pulls[entry(device)])


@dataclass(frozen=True)
class Track:
    """An instrument at rest: its path, its material points on it, and how it is moved.

    Parameters
    ----------
    device
        Instrument at rest.
    width
        Width at each material point, ``(m,)`` float32, px.
    path
        Path of its centreline.
    marks
        Arc lengths of the material points at rest, ``(m,)``, px; below 0 before the path's start.
    pull
        Way in which it is moved.
    """

    device: Device
    width: NDArray[np.float32]
    path: ArcPath
    marks: NDArray[np.float64]
    pull: Pull


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
        everywhere = (
            min(max(done, 0.0), 1.0) * course.pan + breath * self.breath * course.breath_amplitude
        )
        away = (at - course.centre) / course.radius
        near = np.exp(-0.5 * (away.real**2 + away.imag**2))
        swing = (
            course.heart_amplitude - 0.5 * abs(course.heart_amplitude) * away
        )  # one way, and it contracts
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

    def moved_device(self, track: Track) -> Device:
        """Return an instrument where it is by now: slid along its path, then displaced.

        Parameters
        ----------
        track
            Instrument at rest.
        """
        pull = track.pull
        turn = pull.torque * self.time
        curve = slid(track.path, track.marks, pull.by(self.time), pull.base, turn)
        curve = curve + self.displacement(curve, pull.share, pull.share)
        points = np.column_stack([curve.real, curve.imag]).astype(np.float32)
        return replace(track.device, centreline=points, width=track.width)


def entry(device: Device) -> Key:
    """Return where a device begins: a wire inside a catheter begins with it.

    Parameters
    ----------
    device
        Instrument at rest.
    """
    x, y = device.centreline[0].tolist()
    return x, y


def _plain(value: Any) -> Any:
    return [value.real, value.imag] if isinstance(value, complex) else value
