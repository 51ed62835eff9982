"""One curve out of two: what came from the key before a frame and from the key after it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fluorosynth.geometry.arc_length import arc_length
from fluorosynth.labels.model import Instrument
from fluorosynth.track.curve import Array, at_arc, distance

AGREE = 3.0  # px of a 256 px frame: curves further apart do not show the same
DOUBT = 0.5  # what is left of the confidence where they do not


def blend(
    before: Instrument | None, after: Instrument | None, time: float, unit: float
) -> Instrument | None:
    """Return the curve between two that are about the same, or the likelier one.

    Parameters
    ----------
    before
        Instrument tracked from the key before, or None where it was lost.
    after
        Instrument tracked from the key after, or None.
    time
        Place of the frame between the keys, 0 to 1.
    unit
        Size of a pixel of a 256 px frame, px.
    """
    if before is None or after is None:
        return before or after
    weights = np.array([before.score * (1 - time), after.score * time]) + 1e-6
    share = float(weights[1] / weights.sum())
    one, two = (i.points.astype(np.float64) for i in (before, after))
    best = before if share < 0.5 else after
    ends = np.linalg.norm(one[0] - two[0]), np.linalg.norm(one[-1] - two[-1])
    if distance(one, two) > AGREE * unit or max(ends) > 4 * AGREE * unit:
        sure = best.confidence
        return replace(best, confidence=None if sure is None else sure * np.float32(DOUBT))
    count = len(best.points)
    mixed = [_mixed(one, two, share, count)]
    for name in ("width", "confidence"):
        columns = [np.asarray(getattr(i, name), np.float64)[:, None] for i in (before, after)]
        mixed.append(_evenly(columns[0], count) * (1 - share) + _evenly(columns[1], count) * share)
    points, width, sure = (m.astype(np.float32) for m in mixed)
    return replace(best, points=points, width=width[:, 0], confidence=sure[:, 0])


def _mixed(one: Array, two: Array, share: float, count: int) -> Array:
    marks = np.linspace(0, 1, count)
    first = at_arc(one, marks * arc_length(one)[-1])
    second = at_arc(two, marks * arc_length(two)[-1])
    return (1 - share) * first + share * second


def _evenly(column: Array, count: int) -> Array:
    marks = np.linspace(0, len(column) - 1, count)
    return np.interp(marks, np.arange(len(column)), column[:, 0])[:, None]
