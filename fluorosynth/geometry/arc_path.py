"""Curves that slide along themselves: an instrument fed through its own path."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fluorosynth.sample import Points

Curve = NDArray[np.complex128]
Lengths = NDArray[np.float64]

STEP = 3.0  # px between the material points of a curve
CHORD = 4.0  # px to either side over which a heading is taken


def complex_curve(points: Points) -> Curve:
    """Return ``(n, 2)`` points as ``(n,)`` complex128, x + 1j y.

    Parameters
    ----------
    points
        Points, ``(n, 2)`` float32, (x, y) in px.

    Examples
    --------
    >>> complex_curve(np.float32([[1, 2]])).tolist()
    [(1+2j)]
    """
    return np.asarray(points[:, 0] + 1j * points[:, 1].astype(np.float64))


@dataclass(frozen=True)
class ArcPath:
    """A curve by arc length, straight beyond either end.

    Parameters
    ----------
    curve
        Points, ``(n,)`` complex128, x + 1j y in px.
    lengths
        Arc length at each point, ``(n,)``, px: from 0, increasing.
    """

    curve: Curve
    lengths: Lengths

    @classmethod
    def of(cls, points: Points) -> ArcPath:
        """Return the path through points; those that repeat count once.

        Parameters
        ----------
        points
            Points, ``(n, 2)`` float32, (x, y) in px.
        """
        curve = complex_curve(points)
        curve = curve[np.append(True, np.abs(np.diff(curve)) > 1e-6)]
        return cls(curve, np.append(0.0, np.cumsum(np.abs(np.diff(curve)))))

    @property
    def length(self) -> float:
        """Arc length in px."""
        return float(self.lengths[-1])

    def at(self, marks: Lengths) -> Curve:
        """Return the points at arc lengths, ``(m,)`` complex128.

        Parameters
        ----------
        marks
            Arc lengths, ``(m,)``, px.
        """
        inside = np.clip(marks, 0.0, self.length)
        real = np.interp(inside, self.lengths, self.curve.real)
        found = real + 1j * np.interp(inside, self.lengths, self.curve.imag)
        beyond = marks - inside
        if beyond.any():
            end = np.where(beyond < 0, self._end(1), self._end(-1))
            found += beyond * end
        return np.asarray(found)

    def heading(self, mark: float) -> complex:
        """Return the unit vector along the path: of a chord, so that it is smooth.

        Parameters
        ----------
        mark
            Arc length at which it is wanted, px.
        """
        ends = self.at(np.array([mark - CHORD, mark + CHORD]))
        return _unit(complex(ends[1] - ends[0]))

    def _end(self, side: int) -> complex:
        """Return the heading of the first (1) or the last (-1) few px."""
        if len(self.curve) < 2:
            return 1 + 0j
        near = self.lengths if side > 0 else self.length - self.lengths[::-1]
        curve = self.curve[::side]
        at = min(int(np.searchsorted(near, CHORD)), len(curve) - 1)
        return side * _unit(complex(curve[at] - curve[0]))


def slid(path: ArcPath, marks: Lengths, by: float, base: float, turn: float) -> Curve:
    """Return where an instrument's points are when it is pushed along its path.

    Up to ``base`` it follows the path. Its last part, preformed, keeps its shape and is carried by
    the path's heading at the base; a torque turns it out of the picture's plane, which shortens
    what stands across the heading by a cosine.

    Parameters
    ----------
    path
        Path of the instrument at rest.
    marks
        Arc lengths of its points at rest, ``(m,)``, px; below 0 before the path's start.
    by
        Way that it is pushed, px; negative: retracted.
    base
        Arc length at which the preformed part begins, px.
    turn
        Angle of the torque, radians.

    Examples
    --------
    >>> straight = ArcPath.of(np.float32([[0, 5], [40, 5]]))
    >>> slid(straight, np.array([0.0, 40.0]), -8.0, 30.0, 0.0).tolist()
    [(-8+5j), (32+5j)]
    """
    points = path.at(marks + by)
    tip = marks > base
    if tip.any():
        root, ahead = path.at(np.array([base, base + by])), path.heading(base + by)
        local = (path.at(marks[tip]) - root[0]) / path.heading(base)
        points[tip] = root[1] + ahead * (local.real + 1j * math.cos(turn) * local.imag)
    return points


def _unit(vector: complex) -> complex:
    size = abs(vector)
    return vector / size if size > 0 else 1 + 0j
