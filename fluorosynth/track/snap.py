"""A rough curve pulled to the instrument under it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import UsageError
from fluorosynth.sample import Image, Points
from fluorosynth.track.appearance import Appearance
from fluorosynth.track.band import Band, likely_course, logarithm, tube_filter, unroll
from fluorosynth.track.curve import Array, b_spline, evenly, normals
from fluorosynth.track.follow import KNOTS
from fluorosynth.track.locate import refined, smoothed
from fluorosynth.track.state import Scale
from fluorosynth.track.width import measure_width

WIDTHS = (2.0, 3.0, 4.5, 6.5, 9.0, 13.0, 18.0, 26.0, 36.0)  # px that are tried
LIKELY = 9.0  # px of a 256 px frame up to which they are


@dataclass(frozen=True, eq=False)
class Snapped:
    """A curve on its instrument.

    Parameters
    ----------
    points
        Points, ``(n, 2)`` float32, ``(x, y)`` in pixels, about 1 px of a 256 px frame apart, in the
        order of the rough curve.
    width
        Full width at half maximum, ``(n,)`` float32, px.
    confidence
        Confidence of each point, ``(n,)`` float32 in [0, 1].
    """

    points: Points
    width: NDArray[np.float32]
    confidence: NDArray[np.float32]


def snap(
    image: Image, points: NDArray[np.floating], width: float | None = None, reach: float = 8.0
) -> Snapped:
    """Pull a rough curve to the dark line that it was meant to follow.

    Parameters
    ----------
    image
        Frame, ``(H, W)`` uint8, instruments dark.
    points
        Points, ``(k, 2)``, ``(x, y)`` in pixels, k >= 2, from entry to tip: a few clicks will do.
        The ends stay where they are along the curve.
    width
        Full width of the instrument, px, where it is known; None: measured.
    reach
        Distance that a point may be off, px.

    Raises
    ------
    UsageError
        When the width is none that an instrument has, or the points are one and the same.

    Examples
    --------
    >>> image = np.full((64, 64), 150, np.uint8)
    >>> image[28:33] = 90
    >>> snapped = snap(image, np.float32([[4, 27], [30, 33], [60, 28]]))
    >>> bool(np.abs(snapped.points[:, 1] - 30).max() < 0.5), round(float(snapped.width[9]))
    (True, 5)
    """
    scale = Scale(image.shape)
    if width is not None:
        scale.checked(width)
    if not np.ptp(np.asarray(points, np.float64), axis=0).any():
        raise UsageError("the points of the curve are one and the same: it has no length")
    picture = logarithm(image)
    curve = evenly(np.asarray(points, np.float64), scale.unit)
    sure = np.ones(len(curve))
    for near in (reach, max(reach / 3, 2.0)):
        guess = _best_width(picture, curve, near, scale) if width is None else width
        offsets = scale.offsets(near, guess)
        step = offsets[1] - offsets[0]
        band = unroll(picture, curve, offsets)
        response = tube_filter(band, guess, step, 3.0)
        keep = np.abs(offsets) <= near
        noise = 1.48 * float(np.median(np.abs(response)))
        clear = 0.2 * float(np.median(response[:, keep].max(axis=1)))  # then a summit stays one
        odds = np.clip(response[:, keep] / max(noise, clear, 1e-4), -2, 6).astype(np.float64)
        course, marginal = likely_course(0.5 * odds, 0.35 * scale.unit / step, near / step)
        across, sure = refined(course, marginal, offsets[keep], max(1.0, guess / 3))
        curve = curve + smoothed(across, sure)[:, None] * normals(curve)
    smooth = b_spline(curve, KNOTS * scale.unit, scale.unit)
    place = np.linspace(0, len(sure) - 1, len(smooth))
    sure = np.interp(place, np.arange(len(sure)), sure)
    measured = measure_width(image, smooth)
    found = measured if width is None else np.full(len(smooth), width, np.float32)
    wide = float(np.median(found))
    offsets = scale.offsets(near, wide)
    step = offsets[1] - offsets[0]
    look = Appearance.learn(unroll(picture, smooth, offsets), offsets, wide)
    odds = look.log_odds(unroll(picture, smooth, offsets), step, 3.0)[:, len(offsets) // 2]
    sure = sure / (1 + np.exp(-odds))
    return Snapped(smooth.astype(np.float32), found, sure.astype(np.float32))


def _best_width(picture: Band, curve: Array, near: float, scale: Scale) -> float:
    """Return the width whose filter answers best along the best course."""
    best, most = WIDTHS[0], -np.inf
    for width in (w for w in WIDTHS if w <= LIKELY * max(scale.unit, 1.0)):
        offsets = scale.offsets(near, width)
        band = unroll(picture, curve, offsets)
        response = tube_filter(band, width, offsets[1] - offsets[0], 3.0)
        value = float(np.median(response[:, np.abs(offsets) <= near].max(axis=1)))
        if value > most:
            best, most = width, value
    return best
