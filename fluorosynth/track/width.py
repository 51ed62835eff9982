"""How wide an instrument is in a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fluorosynth.geometry.arc_length import arc_length
from fluorosynth.sample import Image
from fluorosynth.track.band import Band, unroll
from fluorosynth.track.curve import Array

STEP = 0.25  # px between the samples of a cross-section
WINDOW = 24.0  # px of the curve whose cross-sections are averaged
REACH = 14.0  # px of a 256 px frame to either side that are looked at


def measure_width(image: Image, points: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the full width at half maximum of a dark line at each point of its centreline.

    Parameters
    ----------
    image
        Frame, ``(H, W)`` uint8, instruments dark.
    points
        Points on the centreline, ``(n, 2)``, ``(x, y)`` in pixels, n >= 2.

    Returns
    -------
    NDArray[np.float32]
        ``(n,)``, px, smooth along the curve, >= 1; where nothing dark is seen, the median of
        the rest, or 3 where that is all of it.

    Examples
    --------
    >>> image = np.full((64, 64), 150, np.uint8)
    >>> image[28:33] = 90
    >>> measure_width(image, np.float32([[5, 30], [30, 30], [58, 30]])).round(1)
    array([5., 5., 5.], dtype=float32)
    """
    curve = np.asarray(points, np.float64)
    arc = arc_length(curve)
    reach = REACH * max(max(image.shape) / 256, 1.0)
    marks, band, offsets = _unrolled(image, curve, reach)
    rows = max(round(WINDOW * len(marks) / max(arc[-1], 1)), 1)
    widths = np.array(
        [_fwhm(band, i, rows, offsets) for i in range(0, len(marks), max(rows // 4, 1))]
    )
    good = np.isfinite(widths)
    if not good.any():
        return np.full(len(curve), 3.0, np.float32)
    usual = float(np.median(widths[good]))
    good &= np.abs(widths - usual) <= 0.5 * usual
    at = np.arange(0, len(marks), max(rows // 4, 1))[good]
    along = np.interp(arc, marks[at], _smooth(widths[good]))
    return np.maximum(along, 1.0).astype(np.float32)


def typical_width(image: Image, points: Array, about: float) -> float:
    """Return the median full width at half maximum of a line whose width is known about.

    Parameters
    ----------
    image
        Frame, ``(H, W)`` uint8.
    points
        Points on the centreline, ``(n, 2)``.
    about
        Width that it should have, px.

    Returns
    -------
    px; NaN where it is seen in less than a third of its length.
    """
    marks, band, offsets = _unrolled(image, points, 3 * about)
    step = round(WINDOW)
    found = [_fwhm(band, row, step, offsets, 1.5 * about) for row in range(0, len(marks), step)]
    good = [width for width in found if np.isfinite(width)]
    return float(np.median(good)) if 3 * len(good) >= len(found) else float("nan")


def _unrolled(image: Image, curve: Array, reach: float) -> tuple[Array, Band, Array]:
    """Return places along a curve every pixel, its cross-sections there, and their offsets."""
    arc = arc_length(curve)
    marks = np.linspace(0, arc[-1], max(round(arc[-1]), 2))
    fine = np.column_stack([np.interp(marks, arc, column) for column in curve.T])
    offsets = np.arange(-reach, reach + STEP / 2, STEP)
    return marks, unroll(image.astype(np.float32), fine, offsets), offsets


def _fwhm(band: Band, row: int, rows: int, offsets: Array, guess: float | None = None) -> float:
    """Return the width of the dip in the middle of the mean cross-section; NaN for none."""
    part = band[max(row - rows // 2, 0) : row + rows // 2 + 1]
    profile = np.asarray(np.mean(part, axis=0, dtype=np.float64))
    guess = _likely_width(profile, offsets) if guess is None else guess
    away = np.abs(offsets)
    bottom = float(np.median(profile[away <= max(guess / 4, STEP)]))
    edges = []
    for side in (offsets <= 0, offsets >= 0):
        ground = float(profile[side & (away >= 0.75 * guess) & (away <= 1.5 * guess)].mean())
        half = (bottom + ground) / 2
        out = np.asarray(profile[side] if offsets[side][0] >= 0 else profile[side][::-1])
        beyond = np.flatnonzero((out >= half) & (np.arange(len(out)) * STEP >= guess / 4))
        if ground - bottom < 1.0 or not len(beyond):
            return float("nan")
        k = int(beyond[0])
        edges.append(STEP * (k - (out[k] - half) / max(out[k] - out[k - 1], 1e-9)))
    return float(np.clip(edges[0], 0, guess) + np.clip(edges[1], 0, guess))


def _likely_width(profile: Array, offsets: Array) -> float:
    """Return the width of the box that stands out best from what lies to either side of it."""
    away = np.abs(offsets)
    best, most = 1.0, -np.inf
    for width in np.geomspace(1.0, offsets[-1], 24):
        inside = away <= max(width / 2, STEP)
        beside = (away > width / 2) & (away <= max(width, 1.5))
        value = (profile[beside].mean() - profile[inside].mean()) * np.sqrt(inside.sum())
        if value > most:
            best, most = float(width), float(value)
    return best


def _smooth(values: Array) -> Array:
    """Return a running median and mean of a few values."""
    padded = np.pad(values, 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 5)
    return np.asarray(np.median(windows, axis=1))
