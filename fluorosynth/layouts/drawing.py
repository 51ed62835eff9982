"""Curves of annotations as class values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fluorosynth.errors import BadDataError
from fluorosynth.geometry.raster import cover
from fluorosynth.layouts.base import Values

Curve = Sequence[Sequence[float]] | Values

LINE_WIDTH = 3.0  # px, of curves that come without a width
FAR = 1e6  # px: coordinates beyond are no picture's


def draw_line(values: Values, points: Curve, value: int, width: float | Values) -> None:
    """Draw a polyline of a width; a single point draws nothing.

    Parameters
    ----------
    values
        Classes, ``(H, W)`` uint8, written to.
    points
        Points, ``(x, y)`` in px.
    value
        Class that is set.
    width
        Full width, px, or one per point.

    Raises
    ------
    BadDataError
        For points or widths that are none.
    """
    line = checked_points(points)
    widths = np.asarray(width, np.float32).reshape(-1)
    if len(widths) not in (1, len(line)):
        raise BadDataError(f"{len(widths)} widths for {len(line)} points")
    if not (np.isfinite(widths).all() and (widths > 0).all()):
        raise BadDataError("a width that is not above 0")
    if len(line) > 1:
        cover(values, line, np.broadcast_to(widths, len(line)).copy(), value)


def checked_points(points: Curve) -> Values:
    """Return points as ``(n, 2)`` float32.

    Parameters
    ----------
    points
        Points, ``(x, y)`` in px.

    Raises
    ------
    BadDataError
        For anything else.
    """
    try:
        found = np.asarray(points, np.float64).reshape(-1, 2)
    except (TypeError, ValueError):
        raise BadDataError(f"{str(points)[:60]} are no points (x, y)") from None
    if not (np.isfinite(found).all() and (np.abs(found) <= FAR).all()):
        raise BadDataError(f"a point lies beyond {FAR:g} px or is no number")
    return found.astype(np.float32)
