"""One instrument from one frame to the next."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fluorosynth.sample import Image
from fluorosynth.track.appearance import Appearance
from fluorosynth.track.band import Band, likely_course, logarithm, tube_filter, unroll
from fluorosynth.track.config import TrackConfig
from fluorosynth.track.curve import (
    Array,
    arc_length,
    at_arc,
    b_spline,
    evenly,
    normals,
)
from fluorosynth.track.ends import BACK, find_end
from fluorosynth.track.field import Room
from fluorosynth.track.motion import Move, Ridges, Search, find_move, moved

WORKING_SIDE = 256  # px: the lengths below refer to a frame of this side
MARGIN = 2.5  # px from the border within which a curve enters or leaves there
AHEAD = 12.0  # px that a tip may advance beyond where it is expected
SPREAD = 3.0  # px between the tip and where it is expected
SHORTEST = 6  # points of a curve that can be followed
STIFF = 24.0  # px at the tip that keep their shape
NO_HISTOGRAM = np.zeros((1, 1), np.float32)
KNOTS = 4.0  # px between the knots of the B-spline


@dataclass(frozen=True, eq=False)
class Tip:
    """What the end of an instrument looks like.

    Parameters
    ----------
    depth
        ``(n,)`` depth of its last rows, in those of the tube.
    bias
        Rows by which its end is found too far where it is known.
    """

    depth: Array
    bias: float


@dataclass(frozen=True, eq=False)
class Followed:
    """An instrument in one frame, as the next one starts from it.

    Parameters
    ----------
    points
        ``(n, 2)`` from entry to tip, at equal distances, in the frame.
    sure
        ``(n,)`` confidence of each point.
    appearance
        What it looks like.
    enters
        Whether the curve begins at the border.
    leaves
        Whether the curve ends at the border: no tip is seen.
    move
        How it came here from the last frame.
    """

    points: Array
    sure: Array
    appearance: Appearance
    enters: bool
    leaves: bool
    room: Room
    tip: Tip
    move: Move = Move()
    dbg: tuple = ()

    @property
    def score(self) -> float:
        """Confidence of the frame."""
        return 0.0 if self.lost else float(self.sure.mean())

    @property
    def lost(self) -> bool:
        """Whether too little is in the picture to be followed."""
        return len(self.points) < SHORTEST


@dataclass(frozen=True)
class Scale:
    """The tracker's lengths for frames of one shape, px."""

    shape: tuple[int, int]

    @property
    def unit(self) -> float:
        """One pixel of a frame of 256 px."""
        return max(max(self.shape) / WORKING_SIDE, 0.5)

    def offsets(self, reach: float, width: float) -> Array:
        """Return where a band is sampled across, at least three widths to either side."""
        step = min(0.5 * self.unit, max(width / 4, 0.35))
        count = int(np.ceil(max(reach, 3 * width) / step))
        return np.arange(-count, count + 1) * step


def begin(image: Image, points: Array, width: float, tip_in_view: bool) -> Followed:
    """Return an instrument where it is known to be."""
    scale = Scale((image.shape[0], image.shape[1]))
    room = Room.of(image, points)
    curve, enters, leaves = _in_frame(evenly(points, scale.unit), scale, tip_in_view, room)
    picture, count = logarithm(image), len(curve)
    offsets = scale.offsets(8 * scale.unit, width)
    if count < SHORTEST:
        nothing = Appearance(width, 1.0, NO_HISTOGRAM, NO_HISTOGRAM)
        return Followed(curve, np.ones(count), nothing, enters, leaves, room, Tip(np.ones(1), 0.0))
    look = Appearance.learn(unroll(picture, curve, offsets), offsets, width)
    start = Followed(curve, np.ones(count), look, enters, leaves, room, Tip(np.ones(1), 0.0))
    long, _, _ = _located(picture, curve, (3.0,), start, scale)
    at = int(np.argmin(np.linalg.norm(long - curve[-1], axis=1)))
    depth, noise = _depth(picture, long, look, scale, at)
    usual = depth[max(at - BACK, 0) : at + 1]
    bias = 0.3 * width / scale.unit
    if not leaves:
        found, _ = find_end(depth, usual, noise, at, SPREAD)
        bias = float(np.clip(found - at, -3, 3))
    return replace(start, tip=Tip(usual, bias))


def _depth(
    picture: Band, curve: Array, look: Appearance, scale: Scale, body: int
) -> tuple[Array, float]:
    """Return the depth of each row in those of the tube, and the deviation of its first rows."""
    offsets = scale.offsets(0, look.width)
    band = unroll(picture, curve, offsets)
    response = tube_filter(band, look.width, offsets[1] - offsets[0], 0.7)
    depth = response[:, len(offsets) // 2].astype(np.float64) / look.depth
    noise = 1.48 * np.median(np.abs(np.diff(depth[: max(body, 4)]))) / np.sqrt(2)
    spread = 1.48 * np.median(np.abs(depth[:body] - np.median(depth[:body])))
    return depth, max(float(noise), float(spread) / 2, 0.1)


def follow(
    image: Image, last: Followed, config: TrackConfig, evidence: Band | None = None
) -> Followed:
    """Return the instrument in the next frame, wherever it fits best, with its confidence."""
    scale = Scale((image.shape[0], image.shape[1]))
    unit, look = scale.unit, last.appearance
    picture = logarithm(image)
    reach = config.reach * unit
    search = Search(reach, 1.5 * unit, 10 * unit, STIFF * unit, unit)
    ridges = Ridges.of(picture, last.points, reach, look.width)
    guess = Move(0.6 * last.move.x, 0.6 * last.move.y, 0.6 * last.move.slide)
    move = find_move(ridges, last.points, look.depth, not last.leaves, guess, search)
    curve = moved(last.points, move, search)
    long, sure, first = _located(picture, curve, (8.0, 3.0), last, scale, evidence)
    tip_row = (arc_length(curve)[-1] + first) / unit
    return _finished(picture, long, sure, tip_row, move, last, scale)


def _located(
    picture: Band,
    curve: Array,
    reaches: tuple[float, ...],
    last: Followed,
    scale: Scale,
    evidence: Band | None = None,
) -> tuple[Array, Array, float]:
    """Pull a curve, prolonged at its ends, to the tube: narrower each time.

    Returns its points, how sure each is, and how much was added before its first point, px.
    """
    unit, look = scale.unit, last.appearance
    curve, first = _prolonged(curve, last, scale)
    sure = np.ones(len(curve))
    for number, reach in enumerate(reaches):
        offsets = scale.offsets(reach * unit, look.width)
        step = offsets[1] - offsets[0]
        keep = np.abs(offsets) <= reach * unit
        band = unroll(picture, curve, offsets)
        odds = look.log_odds(band, step, 2.0 + number)[:, keep]
        if evidence is not None:
            odds = odds + _evidence_odds(unroll(evidence, curve, offsets[keep]))
        course, marginal = likely_course(
            odds.astype(np.float64) * 0.3, 0.35 * unit / step, 6 * unit / step
        )
        across, sure = refined(course, marginal, offsets[keep], max(1.0, look.width / 3))
        present = 1 / (1 + np.exp(-odds[np.arange(len(course)), course]))
        sure = sure * present
        curve = curve + smoothed(across, sure)[:, None] * normals(curve)
    return curve, sure, first


def _evidence_odds(found: Band) -> Band:
    p = np.clip(found, 0.02, 0.98)
    return np.asarray(np.log(p / (1 - p)), np.float32)


def refined(
    course: NDArray[np.int64], marginal: Array, offsets: Array, near: float
) -> tuple[Array, Array]:
    """Return the mean offset about the course and the mass within ``near`` px of it."""
    away = np.abs(offsets - offsets[course][:, None])
    mass = np.where(away <= near, marginal, 0)
    total = mass.sum(axis=1)
    return (mass @ offsets) / np.maximum(total, 1e-9), total


def smoothed(offset: Array, weight: Array) -> Array:
    """Return offsets smoothed along the curve where they are unsure (Whittaker 1923)."""
    from scipy.linalg import solveh_banded

    n = len(offset)
    if n < 4:
        return offset
    bend, pull = 20.0, 0.003
    diagonals = np.zeros((3, n))
    for k, row in enumerate(((1, 5, 6), (-2, -4, -4), (1, 1, 1))):
        diagonals[k] = row[2]
        if k == 0:
            diagonals[0, [0, -1]], diagonals[0, [1, -2]] = row[0], row[1]
        if k == 1:
            diagonals[1, [0, n - 2]] = row[0]
    bands = bend * diagonals
    bands[0] += weight + pull
    return np.asarray(solveh_banded(bands, weight * offset, lower=True))


def _in_frame(
    points: Array, scale: Scale, tip_in_view: bool, room: Room
) -> tuple[Array, bool, bool]:
    """Cut a curve to the longest part in the frame; whether it enters and leaves at the border."""
    within = room.at(points) > 0
    if not within.any():
        return points[:0], True, True
    edges = np.flatnonzero(np.diff(np.concatenate([[0], within.astype(int), [0]])))
    runs = edges.reshape(-1, 2)
    start, end = runs[np.argmax(runs[:, 1] - runs[:, 0])]
    part = points[start:end]
    near = room.at(part[[0, -1]]) <= MARGIN * scale.unit
    enters = bool(start > 0 or near[0])
    leaves = bool(end < len(points) or not tip_in_view)
    return part, enters, leaves


def _prolonged(curve: Array, last: Followed, scale: Scale) -> tuple[Array, float]:
    """Prolong a curve to the border where it enters or leaves, and beyond its tip.

    Returns the curve in the frame and how much was added before its first point, px.
    """
    unit, length = scale.unit, arc_length(curve)[-1]
    before = 2 * MARGIN * unit + 12 * unit if last.enters else 0.0
    after = AHEAD * unit
    marks = np.arange(-round(before / unit), round((length + after) / unit) + 1) * unit
    long = at_arc(curve, marks)
    within = last.room.at(long) > 0
    if not within.any():
        return curve, 0.0
    first = int(np.argmax(within))
    end = len(within) - int(np.argmax(within[::-1]))
    return long[first:end], -marks[first]


def _finished(
    picture: Band,
    curve: Array,
    sure: Array,
    tip_row: float,
    move: Move,
    last: Followed,
    scale: Scale,
) -> Followed:
    """Find the tip along a curve, smooth it and learn from it."""
    unit, look = scale.unit, last.appearance
    at_border = last.room.at(curve[-1:])[0] <= unit
    if last.leaves and at_border:
        tip_row = len(curve) - 1
    depth, noise = _depth(picture, curve, look, scale, int(tip_row) - 4)
    depth[~last.room.seen(curve)] = np.nan
    found, ending = find_end(depth, last.tip.depth, noise, tip_row + last.tip.bias, SPREAD)
    end = found - last.tip.bias
    if at_border and found >= len(curve) - 2:
        end = len(curve) - 1.0
    leaves = at_border and end >= len(curve) - 2
    rows = max(round(end) + 1, 4)
    curve, sure = curve[:rows], sure[:rows].copy()
    smooth = b_spline(curve, KNOTS * unit, unit)
    place = np.linspace(0, len(sure) - 1, len(smooth))
    sure = np.interp(place, np.arange(len(sure)), sure)
    offsets = scale.offsets(8 * unit, look.width)
    step = offsets[1] - offsets[0]
    band = unroll(picture, smooth, offsets)
    rate = 0.1 * float(sure.mean())
    fresh = look.updated(band, offsets, sure, rate)
    now = float(np.median(tube_filter(band, look.width, step, 3.0)[:, len(offsets) // 2]))
    fresh = replace(fresh, depth=max((1 - rate) * look.depth + rate * now, 0.5 * look.depth))
    usual_now = now / last.appearance.depth
    odds_mean = float(np.percentile(np.convolve(sure, np.ones(9) / 9, "same"), 10))
    spread_of_move = float(sure[-20:].mean())
    return Followed(
        smooth,
        sure,
        fresh,
        last.enters,
        leaves,
        last.room,
        last.tip,
        move,
        (ending, noise, usual_now, odds_mean, spread_of_move),
    )
