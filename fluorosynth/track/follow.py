"""One instrument from one frame to the next."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fluorosynth.geometry.arc_length import arc_length
from fluorosynth.sample import Image
from fluorosynth.track.appearance import Appearance
from fluorosynth.track.band import Band, logarithm, tube_filter, unroll
from fluorosynth.track.confidence import confidence
from fluorosynth.track.config import TrackConfig
from fluorosynth.track.curve import Array, at_arc, b_spline, distance, evenly
from fluorosynth.track.ends import BACK, find_end
from fluorosynth.track.field import Room
from fluorosynth.track.locate import locate
from fluorosynth.track.motion import Move, Ridges, Search, carried, find_move, fits, moved, small
from fluorosynth.track.signs import TAIL, breadth, least
from fluorosynth.track.state import SHORTEST, End, Followed, Scale

# Lengths are px of a frame of 256 px.
MARGIN = 8.0  # from the border within which a curve enters or leaves there
ALONG = 4.0  # from the border within which a curve may run along it
AHEAD = 12.0  # that an end may move beyond where it is expected
SPREAD = 1.3  # between an end and where it is expected
STIFF = 24.0  # at the tip that keep their shape
KNOTS = 4.0  # between the knots of the B-spline
SURROUNDINGS = 8.0  # to either side that are looked at
GOES_ON = 0.6  # share of the last frame's move that is expected again
RATE = 0.1  # of learning
FADE = 20  # points over which the tip's confidence goes over into that of the frame
DOUBT = 0.05  # share of the tube by which a shifted curve must fit better than a carried one


def begin(image: Image, points: Array, width: float, tip_in_view: bool) -> Followed:
    """Return an instrument where it is known to be.

    Parameters
    ----------
    image
        Frame, ``(H, W)`` uint8.
    points
        Points from entry to tip, ``(n, 2)`` float64, px.
    width
        Full width, px.
    tip_in_view
        Whether the last point is the tip.
    """
    scale = Scale(image.shape)
    room = Room.of(image, points)
    curve, enters, leaves = _in_frame(evenly(points, scale.unit), scale, tip_in_view, room)
    round_end = End(np.ones(1), 0.3 * width / scale.unit)
    look = Appearance.nothing(width)
    start = Followed(
        curve,
        np.ones(len(curve)),
        enters,
        leaves,
        look,
        look,
        round_end,
        round_end,
        room,
        Move(),
        small(image, scale.unit),
        max(len(curve), 1),
    )
    if start.lost:
        return start
    picture = logarithm(image)
    offsets = scale.offsets(SURROUNDINGS * scale.unit, width)
    seen = room.seen(curve)
    if seen.sum() < SHORTEST:
        return replace(start, points=curve[:0])
    band = unroll(picture, curve, offsets)[seen]
    look = Appearance.learn(band, offsets, width)
    step = float(offsets[1] - offsets[0])
    broad, alike = breadth(band, width, step), least(_looks(look, band, step))
    long, first = _prolonged(curve, start, scale)
    long, _ = locate(picture, long, (3.0,), look, scale, room)
    depth, noise = _depth(picture, long, look, scale, slice(first, first + len(curve)))
    last = first + len(curve) - 1
    ends = []
    for rows, at, open_ in ((depth[::-1], len(depth) - 1 - first, enters), (depth, last, leaves)):
        usual = rows[max(at - BACK, 0) : at + 1]
        found, _ = find_end(rows, usual, noise, at, SPREAD)
        ends.append(End(usual, float(np.clip(found - at, -3, 3))) if not open_ else round_end)
    entry, tip = ends
    return replace(start, look=look, known=look, entry=entry, tip=tip, broad=broad, alike=alike)


def follow(
    image: Image, last: Followed, config: TrackConfig, evidence: Band | None = None
) -> Followed:
    """Return the instrument in the next frame, wherever it fits best, with its confidence.

    Parameters
    ----------
    image
        Next frame, ``(H, W)`` uint8.
    last
        Instrument in the frame before.
    config
        Settings of the tracker.
    evidence
        Likelihood of each pixel to be instrument, ``(H, W)`` float32 in [0, 1], from elsewhere.
    """
    if last.lost:
        return last
    scale = Scale(image.shape)
    unit, picture = scale.unit, logarithm(image)
    now = small(image, unit)
    expected, move = _expected(picture, now, last, scale, config)
    long, first = _prolonged(expected, last, scale)
    long, sure = locate(picture, long, (8.0, 3.0), last.look, scale, last.room, evidence)
    start, end, ending = _ends(picture, long, first, first + len(expected) - 1, last, scale)
    leaves = end >= len(long) - 2 and _at_border(long, last, scale)
    room = last.room.at(long[start : end + 1])
    along = _along(room[::-1], scale) if last.leaves else 0
    start += _along(room, scale) if last.enters else 0
    end, leaves = max(end - along, start), leaves or along > 0
    part = slice(start, max(end + 1, start + 4))
    curve = b_spline(long[part], KNOTS * unit, unit)
    rows = np.linspace(0, len(sure[part]) - 1, len(curve))
    sure = np.interp(rows, np.arange(len(sure[part])), sure[part])
    back = carried(curve, now, last.picture, unit)
    figures = {
        "returned": distance(back, last.points) / unit,
        "tip_returned": float(np.linalg.norm(back[-1] - last.points[-1])) / unit,
        "ending": ending,
        "unsure": float(1 - sure.mean()),
        "growth": float(np.log(len(curve) / last.shown)),
    }
    found = replace(last, points=curve, sure=sure, leaves=leaves, move=move, picture=now)
    return _learned(picture, found, scale, figures)


def _expected(
    picture: Band, now: Image, last: Followed, scale: Scale, config: TrackConfig
) -> tuple[Array, Move]:
    """Return where the curve should be by its last move or by optical flow, and its move."""
    unit, reach = scale.unit, config.reach * scale.unit
    search = Search(reach, 1.5 * unit, 10 * unit, STIFF * unit, unit)
    ridges = Ridges.of(picture, last.points, reach, last.look.width)
    seen = last.room.seen(last.points)
    guess = last.move.times(GOES_ON)
    move = find_move(ridges, last.points, seen, last.look.depth, not last.leaves, guess, search)
    shifted = moved(last.points, move, search)
    flowed = carried(last.points, last.picture, now, unit)
    if not _better(ridges, flowed, shifted, last, search):
        return shifted, move
    x, y = np.median(flowed - last.points, axis=0)
    return evenly(flowed, unit), Move(float(x), float(y), 0.0)


def _better(ridges: Ridges, flowed: Array, shifted: Array, last: Followed, search: Search) -> bool:
    """Return whether a curve carried by flow is to be preferred to one that was shifted."""
    tip, depth = not last.leaves, last.look.depth
    values = [
        fits(ridges, curve, last.room.seen(curve), depth, tip, search)
        for curve in (flowed, shifted)
    ]
    return values[0] > values[1] - DOUBT


def _learned(picture: Band, found: Followed, scale: Scale, figures: dict[str, float]) -> Followed:
    """Return it with its confidence, and its appearance moved towards that of the frame."""
    seen = found.room.seen(found.points)
    if seen.sum() < SHORTEST:
        return replace(found, points=found.points[:0], sure=found.sure[:0], score=0.0)
    look, sure = found.look, found.sure[seen]
    offsets = scale.offsets(SURROUNDINGS * scale.unit, look.width)
    step, middle = float(offsets[1] - offsets[0]), len(offsets) // 2
    band = unroll(picture, found.points, offsets)[seen]
    looks = _looks(found.known, band, step)
    signs = found.signs.after(
        **figures,
        looks=float(looks.mean()),
        tip_looks=float(looks[-TAIL:].mean()),
        unlike=found.alike - least(looks),
        tip_wider=float(np.log(breadth(band, look.width, step) / found.broad)),
    )
    score, tip = confidence(signs)
    rate = RATE * float(sure.mean())
    now = float(np.median(tube_filter(band, look.width, step, 3.0)[:, middle]))
    depth = max((1 - rate) * look.depth + rate * now, 0.5 * look.depth)
    fresh = replace(look.updated(band, offsets, sure, rate), depth=depth)
    each = np.minimum(found.sure * score / max(float(found.sure.mean()), 1e-3), 1.0)
    if not found.leaves:
        each = np.minimum(each, _from_tip(tip, len(each)))
    return replace(found, look=fresh, sure=each, score=score, signs=signs)


def _looks(known: Appearance, band: Band, step: float) -> Array:
    """Return the probability that each row's middle is on the instrument, ``(n,)``."""
    odds = known.log_odds(band, step, 3.0)[:, band.shape[1] // 2]
    return np.asarray(1 / (1 + np.exp(-odds.astype(np.float64))))


def _from_tip(tip: float, count: int) -> Array:
    """Return the most that points may be sure of: at the last the tip's, 1 further back."""
    back = np.arange(count)[::-1] / FADE
    return np.asarray(np.clip(tip + (1 - tip) * back, 0, 1))


def _in_frame(
    points: Array, scale: Scale, tip_in_view: bool, room: Room
) -> tuple[Array, bool, bool]:
    """Cut off what lies outside at both ends; whether the curve enters and leaves at the border."""
    within = np.flatnonzero(room.at(points) > 0)
    if not len(within):
        return points[:0], True, True
    start, end = within[0], within[-1] + 1
    enters = start > 0 or room.at(points[start : start + 1])[0] <= MARGIN * scale.unit
    return points[start:end], bool(enters), bool(end < len(points) or not tip_in_view)


def _prolonged(curve: Array, last: Followed, scale: Scale) -> tuple[Array, int]:
    """Prolong a curve straight on at both ends, up to the border.

    Returns its points in the frame, and how many were added before the first.
    """
    more = round(AHEAD)
    before = more + 2 * round(MARGIN) if last.enters else more
    length = arc_length(curve)[-1]
    marks = np.concatenate(
        [
            np.arange(-before, 0) * scale.unit,
            np.linspace(0, length, len(curve)),
            length + np.arange(1, more + 1) * scale.unit,
        ]
    )
    long = at_arc(curve, marks)
    within = np.flatnonzero(last.room.at(long) > 0)
    if not len(within):
        return curve, 0
    return long[within[0] : within[-1] + 1], before - int(within[0])


def _depth(
    picture: Band, curve: Array, look: Appearance, scale: Scale, body: slice
) -> tuple[Array, float]:
    """Return the depth of each row in those of the tube, and the deviation of a row's."""
    offsets = scale.offsets(0, look.width)
    band = unroll(picture, curve, offsets)
    response = tube_filter(band, look.width, offsets[1] - offsets[0], 0.7)
    depth = response[:, len(offsets) // 2].astype(np.float64) / look.depth
    rows = depth[body] if len(depth[body]) > 3 else depth
    noise = 1.48 * float(np.median(np.abs(np.diff(rows)))) / np.sqrt(2)
    spread = 1.48 * float(np.median(np.abs(rows - np.median(rows))))
    return depth, max(noise, spread / 2, 0.1)


def _along(room: NDArray[np.float32], scale: Scale) -> int:
    """Return how many of the first rows run along the border, by the rows' distances to it.

    A border is a line too: a curve that is prolonged towards it turns into it, a little further in
    each frame. A curve that lies there as a whole was drawn there.
    """
    away = np.flatnonzero(room > ALONG * scale.unit)
    near = room[: away[0]] if len(away) else room[:0]
    return int(np.flatnonzero(near <= near.min() + scale.unit)[-1]) if len(near) else 0


def _at_border(curve: Array, last: Followed, scale: Scale) -> bool:
    """Return whether a curve's next point would lie outside."""
    return bool(last.room.at(curve[-1:])[0] <= 1 + scale.unit)


def _ends(
    picture: Band, curve: Array, first: int, tip: int, last: Followed, scale: Scale
) -> tuple[int, int, float]:
    """Return the rows of a curve's entry and tip, and how sure the tip is."""
    first, tip = max(first, 0), min(tip, len(curve) - 1)
    depth, noise = _depth(picture, curve, last.look, scale, slice(first + 4, max(tip - 4, 4)))
    depth[~last.room.seen(curve)] = np.nan
    count = len(curve) - 1
    start = 0
    if not last.enters:
        bias = last.entry.bias
        found, _ = find_end(depth[::-1], last.entry.depth, noise, count - first + bias, SPREAD)
        start = int(np.clip(round(count - (found - bias)), 0, count))
    at_border = _at_border(curve, last, scale)
    expected = count if last.leaves and at_border else tip + last.tip.bias
    found, ending = find_end(depth, last.tip.depth, noise, expected, SPREAD)
    if at_border and found >= count - 1:
        return start, count, ending
    return start, int(np.clip(round(found - last.tip.bias), start, count)), ending
