"""The frames of a sequence: material points laid along each instrument, moved to each moment."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fluorosynth.geometry.arc_path import STEP, ArcPath, complex_curve, slid
from fluorosynth.motion.course import Course, Pull, entry
from fluorosynth.motion.moment import Moment
from fluorosynth.sample import Device, Sample

MARGIN = 2.0  # px from the border within which an instrument counts as entering there


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


def frames_of(course: Course, sample: Sample, count: int) -> list[Sample]:
    """Return the first frames of a sample that is not rendered yet.

    All have the same instruments with the same points: point j of an instrument is the same
    piece of it in every frame.

    Parameters
    ----------
    course
        Draws of the sequence.
    sample
        Sample at rest.
    count
        Number of frames.
    """
    found, drawn = [], course.drawn()
    tracks = [_track(course, device, sample.image.shape) for device in sample.devices]
    for t in range(count):
        moment = Moment(course, t, sample.devices)
        devices = tuple(_moved(track, moment) for track in tracks)
        meta = {**sample.meta, "frame": t, "time": moment.time, "motion": drawn}
        found.append(sample.with_(devices=devices, meta=meta, moment=moment))
    return found


def _track(course: Course, device: Device, shape: tuple[int, int]) -> Track:
    """Lay material points along a device, and on beyond the border that it comes from."""
    path = ArcPath.of(device.centreline)
    inside = np.linspace(0.0, path.length, max(round(path.length / STEP), 1) + 1)
    start = path.curve[0]
    room = min(start.real, start.imag, shape[1] - 1 - start.real, shape[0] - 1 - start.imag)
    drawn_in = abs(course.pan) + 1.2 * abs(course.heart_amplitude) + abs(course.breath_amplitude)
    out = 2 * drawn_in + MARGIN  # twice: it may enter at a slant
    outside = np.arange(-out if room <= MARGIN else 0.0, 0.0, STEP)
    marks = np.append(outside, inside)
    lengths = np.append(0.0, np.cumsum(np.abs(np.diff(complex_curve(device.centreline)))))
    width = np.interp(marks, lengths, device.width).astype(np.float32)
    return Track(device, width, path, marks, course.pulls[entry(device)])


def _moved(track: Track, moment: Moment) -> Device:
    """Return an instrument where it is by then: slid along its path, then displaced."""
    pull = track.pull
    turn = pull.torque * moment.time
    curve = slid(track.path, track.marks, pull.by(moment.time), pull.base, turn)
    curve = curve + moment.displacement(curve, pull.share, pull.share)
    points = np.column_stack([curve.real, curve.imag]).astype(np.float32)
    return replace(track.device, centreline=points, width=track.width)
