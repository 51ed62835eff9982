"""Curves and outlines of annotations as class values."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from fluorosynth.errors import BadDataError
from fluorosynth.geometry.raster import cover
from fluorosynth.layouts.base import Values

Curve = Sequence[Sequence[float]] | Values

LINE_WIDTH = 3.0  # px, of curves that come without a width
FAR = 1e5  # px: coordinates beyond are no picture's
BITS = 4  # of fractions of a pixel in outlines


def draw_line(values: Values, points: Curve, value: int, width: float) -> None:
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
        Full width, px.
    """
    line = checked_points(points)
    if len(line) > 1:
        cover(values, line, np.full(len(line), width, np.float32), value)


def fill(values: Values, points: Curve, value: int) -> None:
    """Fill a polygon, its border included.

    Parameters
    ----------
    values
        Classes, ``(H, W)`` uint8, written to.
    points
        Corners, ``(x, y)`` in px.
    value
        Class that is set.
    """
    outline = checked_points(points)
    if len(outline) > 2:
        corners = np.rint(outline * (1 << BITS)).astype(np.int32)
        cv2.fillPoly(values, [corners], value, cv2.LINE_8, BITS)


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
