"""The same instrument in the frames of a sequence: its number, its direction, its tip."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fluorosynth.geometry.arc_length import arc_length
from fluorosynth.sample import Device

NEAR = 0.04  # of the longer side: median distance of what may be one instrument in two frames
MEMORY = 8  # last curves of an instrument that a new one is compared to
PASSES = 0.02  # of the longer side: a curve that comes so near passes an end
BEYOND = 0.01  # of the longer side: and goes on to the edge, by so much at least
POINTS = 48  # of a curve that are compared, at most
LOOKED_AT = 64  # curves of an instrument that its ends are compared to, at most

Points = NDArray[np.float32]


@dataclass(frozen=True)
class Seen:
    """A curve found in one frame.

    Parameters
    ----------
    device
        Curve; its direction and end are not relied upon.
    edges
        Whether its first and its last point lie at the edge of the exposed field.
    """

    device: Device
    edges: tuple[bool, bool]


@dataclass(frozen=True)
class Known:
    """A curve as an instrument of the sequence.

    Parameters
    ----------
    device
        Curve from the end at which the instrument enters, in all frames the same.
    number
        Number of the instrument in the sequence, from 0.
    tip
        Whether its last point is the tip: not where the instrument leaves the field, nor where the
        curve stops short of what other frames show of it.
    """

    device: Device
    number: int
    tip: bool


def identified(frames: Sequence[Sequence[Seen]], side: int) -> list[list[Known]]:
    """Return the curves of all frames as instruments that keep number and direction.

    Curves of a frame go to the instruments whose last curves they lie on, so that as much length as
    possible lies as near as possible; what is left over is a new one. An instrument enters at the
    end that lies at the field's edge in more frames.

    Parameters
    ----------
    frames
        Curves of each frame, in order.
    side
        Longer side of the frames, px.

    Returns
    -------
    list of list of Known
        Curves of each frame, by the numbers of their instruments.
    """
    numbers = _numbers(frames, NEAR * side)
    known: list[list[Known]] = [[] for _ in frames]
    count = 1 + max((number for own in numbers for number in own), default=-1)
    for number in range(count):
        places = [(t, own.index(number)) for t, own in enumerate(numbers) if number in own]
        course = _directed([frames[t][k] for t, k in places])
        whole = [one.device.centreline for one in course if one.edges[1]]
        step = -(-len(whole) // LOOKED_AT)
        for (t, _), one in zip(places, course, strict=True):
            lost = any(_goes_on(one.device.centreline[-1], w, side) for w in whole[:: step or 1])
            known[t].append(Known(one.device, number, not one.edges[1] and not lost))
    return known


@dataclass(frozen=True, eq=False)
class _Curve:
    """Some points of a curve, and what comparisons need of it every time."""

    points: Points
    length: float
    box: tuple[float, float, float, float]  # least and greatest x, least and greatest y

    @classmethod
    def of(cls, whole: Points) -> _Curve:
        points = _few(whole)
        (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        return cls(points, _length(points), (left, right, top, bottom))

    def beside(self, other: _Curve) -> float:
        """Return a distance in px that no point of one is nearer to the other than."""
        a, b = self.box, other.box
        return max(b[0] - a[1], a[0] - b[1], b[2] - a[3], a[2] - b[3])


def _numbers(frames: Sequence[Sequence[Seen]], near: float) -> list[list[int]]:
    """Return the number of the instrument that each curve of each frame is."""
    from scipy.optimize import linear_sum_assignment

    recent: list[list[_Curve]] = []
    numbers = []
    for seen in frames:
        curves = [_Curve.of(one.device.centreline) for one in seen]
        apart = np.array([[_apart(c, old, near) for old in recent] for c in curves])
        own = [-1] * len(curves)
        if apart.size:  # a fragment, however near, does not take a long curve's place
            usual = np.array([max(one.length for one in old) for old in recent])
            shared = np.minimum(np.array([curve.length for curve in curves])[:, None], usual)
            gain = shared * np.maximum(1 - apart / near, 0)
            for k, number in zip(*linear_sum_assignment(gain, maximize=True), strict=True):
                own[k] = int(number) if gain[k, number] > 0 else -1
        for k in sorted(range(len(curves)), key=lambda k: -curves[k].length):
            if own[k] < 0:
                own[k] = len(recent)
                recent.append([])
            recent[own[k]] = [*recent[own[k]], curves[k]][-MEMORY:]
        numbers.append(own)
    return numbers


def _apart(curve: _Curve, others: Sequence[_Curve], near: float) -> float:
    """Return the least median distance of the shorter of two curves to the longer one.

    Infinite where their boxes already lie farther apart than ``near``.
    """
    least = math.inf
    for other in others:
        if curve.beside(other) < near:
            short, long = sorted((curve, other), key=lambda one: one.length)
            gaps = np.sort(_gaps(short.points, long.points).min(axis=1))
            least = min(least, float(gaps[(len(gaps) - 1) // 2] + gaps[len(gaps) // 2]) / 2)
    return least


def _directed(course: Sequence[Seen]) -> list[Seen]:
    """Return an instrument's curves all in one direction, from where it enters."""
    turned = list[Seen]()
    for one in course:
        before = turned[-1].device.centreline if turned else one.device.centreline
        turned.append(one if _same_way(before, one.device.centreline) else _reversed(one))
    first, last = (sum(one.edges[end] for one in turned) for end in (0, 1))
    if first == last:  # as the tracer saw most of them
        kept = sum(new is old for new, old in zip(turned, course, strict=True))
        first, last = 2 * kept, len(turned)
    return turned if first >= last else [_reversed(one) for one in turned]


def _same_way(one: Points, other: Points) -> bool:
    gaps = _gaps(other[[0, -1]], one).argmin(axis=1)
    if gaps[0] != gaps[1]:
        return bool(gaps[0] < gaps[1])
    return bool((one[-1] - one[0]) @ (other[-1] - other[0]) >= 0)


def _goes_on(end: Points, curve: Points, side: int) -> bool:
    """Tell whether a curve passes an end and goes on."""
    gaps = np.linalg.norm(curve - end, axis=1)
    nearest = int(gaps.argmin())
    return bool(gaps[nearest] <= PASSES * side and _length(curve[nearest:]) > BEYOND * side)


def _gaps(one: Points, other: Points) -> NDArray[np.float64]:
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(one, other))


def _few(curve: Points) -> Points:
    chosen = np.linspace(0, len(curve) - 1, min(len(curve), POINTS)).astype(int)
    return np.asarray(curve[chosen])


def _length(curve: Points) -> float:
    return float(arc_length(curve)[-1])


def _reversed(one: Seen) -> Seen:
    device = replace(
        one.device,
        centreline=one.device.centreline[::-1].copy(),
        width=one.device.width[::-1].copy(),
    )
    return Seen(device, one.edges[::-1])
