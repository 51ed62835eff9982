"""How wide an instrument is in a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fluorosynth.sample import Image
from fluorosynth.track.band import Band, unroll
from fluorosynth.track.curve import Array, arc_length

STEP = 0.25  # px between the samples of a cross-section
WINDOW = 24.0  # px of the curve whose cross-sections are averaged
REACH = 14.0  # px of a 256 px frame to either side that are looked at


def measure_width(image: Image, points: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the full width at half maximum of a dark line at each point of its centreline.

    Parameters
    ----------
    image
        ``(H, W)`` uint8, instruments dark.
    points
        ``(n, 2)`` ``(x, y)`` in pixels, n >= 2, on the centreline.

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
    marks = np.linspace(0, arc[-1], max(round(arc[-1]), 2))
    fine = np.column_stack([np.interp(marks, arc, column) for column in curve.T])
    reach = REACH * max(max(image.shape) / 256, 1.0)
    offsets = np.arange(-reach, reach + STEP / 2, STEP)
    band = unroll(image.astype(np.float32), fine, offsets)
    rows = max(round(WINDOW * len(marks) / max(arc[-1], 1)), 1)
    widths = np.array(
        [_fwhm(band, i, rows, offsets) for i in range(0, len(fine), max(rows // 4, 1))]
    )
    good = np.isfinite(widths)
    if not good.any():
        return np.full(len(curve), 3.0, np.float32)
    usual = float(np.median(widths[good]))
    good &= np.abs(widths - usual) <= 0.5 * usual
    at = np.arange(0, len(fine), max(rows // 4, 1))[good]
    along = np.interp(arc, marks[at], _smooth(widths[good]))
    return np.maximum(along, 1.0).astype(np.float32)


def _fwhm(band: Band, row: int, rows: int, offsets: Array) -> float:
    """Return the width of the dip in the middle of the mean cross-section; NaN for none."""
    part = band[max(row - rows // 2, 0) : row + rows // 2 + 1]
    profile = np.median(part, axis=0).astype(np.float64)
    near = np.abs(offsets) <= 2
    bottom = int(np.flatnonzero(near)[np.argmin(profile[near])])
    depths = []
    for side in (profile[bottom::-1], profile[bottom:]):
        # the shoulder: the first summit that stands out, not the brightest thing far away
        top = np.maximum.accumulate(side)
        fall = np.flatnonzero(top - side > 0.25 * (top - side[0]) + 1e-9)
        end = int(fall[0]) if len(fall) else len(side)
        depths.append(float(side[:end].max() - side[0]))
    half = profile[bottom] + min(depths) / 2
    if min(depths) < 1.0:
        return float("nan")
    edges = []
    for side in (profile[bottom::-1], profile[bottom:]):
        beyond = np.flatnonzero(side >= half)
        if not len(beyond) or beyond[0] == 0:
            return float("nan")
        k = int(beyond[0])
        edges.append(STEP * (k - (side[k] - half) / max(side[k] - side[k - 1], 1e-9)))
    return float(edges[0] + edges[1])


def _smooth(values: Array) -> Array:
    """Return a running median and mean of a few values."""
    padded = np.pad(values, 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 5)
    return np.asarray(np.median(windows, axis=1))
