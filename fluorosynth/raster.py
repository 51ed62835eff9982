"""Centrelines to pixels: exact-width masks of tubes.

A pixel belongs to an instrument when its centre lies inside the tube: the curve's polyline,
offset by half the width to either side (mitred joints) and closed by half discs. The outline is
filled with the nonzero winding rule, so a curve that crosses itself, and several instruments that
cross each other, are one union. There is no fixed-point rounding of the outline, as there is in
``cv2.fillPoly`` and ``cv2.polylines``, whose lines are up to 2 px wider than asked for.

Inside this module a point is one complex number, ``x + 1j * y``: turning and scaling a direction is
then one multiplication. It is float64, so that the last bit of a SIMD unit cannot move a pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fluorosynth.sample import Device, Mask

Floats = NDArray[np.floating[Any]]
Complex = NDArray[np.complex128]
Indices = NDArray[np.intp]

MIN_LABEL_WIDTH = 1.0  # px: an instrument thinner than a pixel is labelled one pixel wide
MITRE = 0.5  # least |a + b|^2 of two unit tangents: a joint reaches at most 1.4 widths out
_CAP = -1j * np.exp(1j * np.linspace(0, np.pi, 10)[1:-1])  # half disc, bulging along +x


def outline(centreline: Floats, width: Floats) -> Complex:
    """Return the closed outline of a tube, ``(2 n + 17,)`` complex ``x + 1j y``; first = last.

    Parameters
    ----------
    centreline
        ``(n, 2)``, ``(x, y)`` in pixels, n >= 2, successive points distinct.
    width
        ``(n,)`` full width in pixels; drawn at least ``MIN_LABEL_WIDTH`` wide.

    Examples
    --------
    >>> line = outline(np.array([[0.0, 5.0], [9.0, 5.0]]), np.array([2.0, 2.0]))
    >>> float(line.imag.min()), float(line.imag.max())
    (4.0, 6.0)
    """
    point = centreline.astype(np.float64).view(np.complex128)[:, 0]
    half = np.maximum(width, MIN_LABEL_WIDTH) * 0.5
    step = point[1:] - point[:-1]
    tangent = step / np.abs(step)
    joint = tangent[1:] + tangent[:-1]
    offset = half * 1j
    offset[1:-1] *= joint * (2 / np.maximum((joint * joint.conj()).real, MITRE))
    offset[0] *= tangent[0]
    offset[-1] *= tangent[-1]
    n, caps = len(point), len(_CAP)
    line = np.empty(2 * (n + caps) + 1, np.complex128)
    line[:n] = point - offset
    line[n : n + caps] = point[-1] + tangent[-1] * half[-1] * _CAP
    line[n + caps : 2 * n + caps] = (point + offset)[::-1]
    line[2 * n + caps : -1] = point[0] - tangent[0] * half[0] * _CAP
    line[-1] = line[0]
    return line


def pixels(devices: Sequence[Device], shape: tuple[int, int]) -> Indices:
    """Return the flat indices, ascending and unique, of all pixels that ``devices`` cover.

    Parameters
    ----------
    devices
        Instruments in pixels of the picture; parts outside it are clipped.
    shape
        ``(H, W)`` of the picture.
    """
    crossings = [_crossings(outline(d.centreline, d.width), *shape) for d in devices]
    if not crossings:
        return np.empty(0, np.intp)
    packed = crossings[0] if len(crossings) == 1 else np.concatenate(crossings)
    packed.sort()
    keys = packed >> 1  # row * (W + 1) + column
    inside = ((packed & 1) * 2 - 1).cumsum().nonzero()[0]
    first = keys[inside]
    count = keys[inside + 1] - first
    return _ranges(first - first // (shape[1] + 1), count)


def rasterise(devices: Sequence[Device], shape: tuple[int, int]) -> Mask:
    """Return the ``(H, W)`` uint8 mask: 1 where a pixel's centre lies in a tube, else 0.

    Examples
    --------
    >>> wire = Device(np.float32([[2, 2], [2, 7]]), np.float32([3, 3]))
    >>> int(rasterise([wire], (10, 10))[5].sum())
    3
    """
    mask = np.zeros(shape, np.uint8)
    mask.reshape(-1)[pixels(devices, shape)] = 1
    return mask


def _crossings(line: Complex, height: int, width: int) -> Indices:
    """Return where a closed outline crosses the rows of pixel centres, and in which direction.

    A crossing is ``2 * (row * (width + 1) + column) + downwards`` with the first column whose
    centre lies right of it; ``column == width`` is beyond the right border.
    """
    x, y = line.real, line.imag
    row = np.minimum(np.maximum(np.ceil(y), 0), height)
    fall = row[1:] - row[:-1]
    count = np.abs(fall).astype(np.intp)
    ends = count.cumsum()
    edge = np.empty((len(fall), 4))
    edge[:, 0] = np.minimum(row[1:], row[:-1]) - ends + count
    slope = edge[:, 1] = (x[1:] - x[:-1]) / np.where(fall, y[1:] - y[:-1], 1)
    edge[:, 2] = x[:-1] - slope * y[:-1]
    edge[:, 3] = fall > 0
    first, slope, at_zero, down = edge.repeat(count, axis=0).T
    rows = first + np.arange(ends[-1])
    column = np.minimum(np.maximum(np.ceil(at_zero + slope * rows), 0), width)
    return (2 * (rows * (width + 1) + column) + down).astype(np.intp)


def _ranges(first: Indices, count: Indices) -> Indices:
    """Return ``[first[0], first[0]+1, ... (count[0] of them), first[1], ...]``."""
    if not len(count):
        return count
    ends = count.cumsum()
    return (first - ends + count).repeat(count) + np.arange(ends[-1])
