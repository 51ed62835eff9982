"""A curve pulled to the tube that it is near."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fluorosynth.track.appearance import Appearance
from fluorosynth.track.band import Band, likely_course, unroll
from fluorosynth.track.curve import Array, normals
from fluorosynth.track.field import Room
from fluorosynth.track.state import Scale

WEIGHT = 0.3  # of a row's log odds: neighbours say the same
SLOPE = 0.35  # usual change of the offset from point to point, in their distances
AWAY = 6.0  # px: usual distance from where the tube is expected
BEND, PULL = 20.0, 0.003  # weights of a smooth offset and of a small one against the measured


def locate(
    picture: Band,
    curve: Array,
    reaches: tuple[float, ...],
    look: Appearance,
    scale: Scale,
    room: Room,
    evidence: Band | None = None,
) -> tuple[Array, Array]:
    """Pull a curve to the tube, within less each time.

    Parameters
    ----------
    picture
        Logarithm of the frame, ``(H, W)``.
    curve
        Points where the tube is expected, ``(n, 2)``.
    reaches
        Distances within which it is looked for, px of a 256 px frame.
    look
        Appearance of the tube.
    scale
        Scale of the frame.
    room
        Field in which something can be seen.
    evidence
        Likelihood of each pixel to be instrument, ``(H, W)`` in [0, 1], from elsewhere.

    Returns
    -------
    ``(n, 2)`` points, and ``(n,)`` how sure each is, in [0, 1]; at most 1/2 where nothing is seen.
    """
    sure = np.ones(len(curve))
    for number, reach in enumerate(reaches):
        offsets = scale.offsets(reach * scale.unit, look.width)
        step = offsets[1] - offsets[0]
        keep = np.abs(offsets) <= reach * scale.unit
        odds = look.log_odds(unroll(picture, curve, offsets), step, 2.0 + number)[:, keep]
        if evidence is not None:
            share = np.clip(unroll(evidence, curve, offsets[keep]), 0.02, 0.98)
            odds = odds + np.log(share / (1 - share))
        odds = np.where(room.seen(curve)[:, None], odds, np.float32(0))
        course, marginal = likely_course(
            WEIGHT * odds.astype(np.float64), SLOPE * scale.unit / step, AWAY * scale.unit / step
        )
        across, sure = refined(course, marginal, offsets[keep], max(1.0, look.width / 3))
        sure = sure / (1 + np.exp(-odds[np.arange(len(course)), course]))
        curve = curve + smoothed(across, sure)[:, None] * normals(curve)
    return curve, sure


def refined(
    course: NDArray[np.int64], marginal: Array, offsets: Array, near: float
) -> tuple[Array, Array]:
    """Return the mean offset about a course, and the mass near it.

    Parameters
    ----------
    course
        Columns of the course, ``(n,)`` int64.
    marginal
        Probability of each place, ``(n, k)``.
    offsets
        Places of the columns, ``(k,)``, px.
    near
        Distance up to which mass counts, px.
    """
    away = np.abs(offsets - offsets[course][:, None])
    mass = np.where(away <= near, marginal, 0)
    total = mass.sum(axis=1)
    return (mass @ offsets) / np.maximum(total, 1e-9), total


def smoothed(offset: Array, weight: Array) -> Array:
    """Return offsets smoothed along the curve, the more the less they weigh (Whittaker 1923).

    Parameters
    ----------
    offset
        Offsets along the normals, ``(n,)``, px.
    weight
        Weight of each, ``(n,)``.
    """
    from scipy.linalg import solveh_banded

    n = len(offset)
    if n < 4:
        return offset
    bands = np.zeros((3, n))
    bands[0], bands[1], bands[2] = 6, -4, 1
    bands[0, [1, -2]], bands[0, [0, -1]], bands[1, [0, n - 2]] = 5, 1, -2
    bands *= BEND
    bands[0] += weight + PULL
    return np.asarray(solveh_banded(bands, weight * offset, lower=True))
