"""Where a curve has gone since the last frame, roughly: shifted, and slid along itself."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.sample import Image
from fluorosynth.track.band import Band
from fluorosynth.track.curve import Array, at_arc, evenly, normals, slid

SLIDE = 0.4  # what a slide of the largest length costs, in shares of the tube that fit
ALIKE = 3.0  # points of a curve that flow alike
SPARSE = 4  # points of the curve for one that is looked at


@dataclass(frozen=True)
class Move:
    """A shift and a slide along the curve.

    Parameters
    ----------
    x
        Shift to the right, px.
    y
        Shift down, px.
    slide
        Slide along the curve, px.
    """

    x: float = 0.0
    y: float = 0.0
    slide: float = 0.0

    def times(self, share: float) -> Move:
        """Return a share of it.

        Parameters
        ----------
        share
            Share of the move.
        """
        return Move(share * self.x, share * self.y, share * self.slide)


@dataclass(frozen=True, eq=False)
class Ridges:
    """Second derivatives of a part of a picture, at the width of a tube.

    Parameters
    ----------
    maps
        Second derivatives xx, xy and yy, ``(h, w, 3)`` float32; 1 across a dark tube of depth 1.
    corner
        Column and row of the part's first pixel, ``(2,)``.
    """

    maps: Band
    corner: Array

    @classmethod
    def of(cls, picture: Band, points: Array, reach: float, width: float) -> Ridges:
        """Differentiate what lies near a curve.

        Parameters
        ----------
        picture
            Logarithm of the frame, ``(H, W)``.
        points
            Points of the curve, ``(n, 2)``.
        reach
            Distance from the curve, px.
        width
            Full width of the tube, px.
        """
        sigma = max(width / 2.355, 0.8)
        margin = int(reach + 4 * sigma) + 2
        size = np.array(picture.shape[::-1])
        low = np.clip(np.floor(points.min(axis=0)).astype(int) - margin, 0, size - 1)
        high = np.clip(np.ceil(points.max(axis=0)).astype(int) + margin, low + 1, size)
        part = picture[low[1] : high[1], low[0] : high[0]]
        smooth = cv2.GaussianBlur(part, (0, 0), sigma)
        norm = 2**1.5 * sigma**2  # a Gaussian blurred by its own deviation keeps 2^-1.5 of its bend
        orders = ((2, 0), (1, 1), (0, 2))
        maps = [cv2.Sobel(smooth, cv2.CV_32F, *order, ksize=3, scale=norm / 4) for order in orders]
        return cls(np.dstack(maps), low.astype(float))

    def at(self, points: Array, across: Array) -> NDArray[np.float32]:
        """Return the response of a tube at places, given its normals; same leading shape.

        Parameters
        ----------
        points
            Places, ``(..., 2)``.
        across
            Normals there, ``(..., 2)``.
        """
        where = (points - self.corner).astype(np.float32)
        found = cv2.remap(
            self.maps,
            where[..., 0],
            where[..., 1],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        x, y = across[..., 0], across[..., 1]
        response = found[..., 0] * x * x + 2 * found[..., 1] * x * y + found[..., 2] * y * y
        return np.asarray(response, np.float32)


@dataclass(frozen=True)
class Search:
    """How far and how finely moves are looked for; lengths in px.

    Parameters
    ----------
    reach
        Largest shift.
    step
        Distance of the shifts that are tried first.
    slide
        Largest slide.
    stiff
        Length of the end that keeps its shape.
    spacing
        Distance of the curve's points.
    """

    reach: float
    step: float
    slide: float
    stiff: float
    spacing: float


def find_move(
    ridges: Ridges,
    points: Array,
    seen: NDArray[np.bool_],
    depth: float,
    tip: bool,
    guess: Move,
    search: Search,
) -> Move:
    """Return the move after which a curve lies on a tube best.

    Parameters
    ----------
    ridges
        Derivatives of the new frame.
    points
        Points of the curve in the last frame, ``(n, 2)``, at equal distances.
    seen
        Points at which a tube can be seen, ``(n,)`` bool.
    depth
        Response of the tube in the last frames.
    tip
        Whether its last point is a tip: then nothing should follow it.
    guess
        Move that is expected; of equal moves the one nearest to it is taken.
    search
        Moves to try.
    """
    shifts = _grid(search.reach, search.step)
    value = _value(ridges, points, seen, shifts, depth, tip, guess, 0.0, search)
    first = np.argsort(value)[-3:]
    best, most = Move(), -np.inf
    fine = _grid(search.step, search.step / 2)
    for slide in np.arange(-search.slide, search.slide + 0.1, search.spacing * 2):
        curve = slid(points, slide, search.stiff, search.spacing) if slide else points
        near = np.concatenate([shifts[k] + fine for k in first])
        values = _value(ridges, curve, seen, near, depth, tip, guess, slide, search)
        top = int(np.argmax(values))
        if values[top] > most:
            best, most = Move(float(near[top, 0]), float(near[top, 1]), float(slide)), values[top]
    return best


def carried(points: Array, before: Image, now: Image, unit: float) -> Array:
    """Return a curve carried by dense optical flow between two small pictures.

    Parameters
    ----------
    points
        Points, ``(n, 2)``, in pixels of the frame.
    before
        Last frame, ``(h, w)`` uint8; see ``small``.
    now
        New frame, ``(h, w)`` uint8.
    unit
        Size of a pixel of the small pictures, in those of the frame.
    """
    finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    field = finder.calc(before, now, None)
    at = ((points + 0.5) / unit - 0.5).astype(np.float32)[None]
    found = cv2.remap(field, at[..., 0], at[..., 1], cv2.INTER_LINEAR)[0]
    smooth = cv2.GaussianBlur(found, (1, 0), 1e-3, sigmaY=ALIKE, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(points + unit * smooth.astype(np.float64))


def small(image: Image, unit: float) -> Image:
    """Return a frame in the tracker's own pixels, for ``carried``.

    Parameters
    ----------
    image
        Frame, ``(H, W)`` uint8.
    unit
        Size of a pixel of the small picture, in those of the frame.
    """
    if unit <= 1:
        return image
    size = (round(image.shape[1] / unit), round(image.shape[0] / unit))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def fits(
    ridges: Ridges, points: Array, seen: NDArray[np.bool_], depth: float, tip: bool, search: Search
) -> float:
    """Return how well a curve lies on a tube, about 0 to 1.

    Parameters
    ----------
    ridges
        Derivatives of the frame.
    points
        Points of the curve, ``(n, 2)``, at equal distances.
    seen
        Points at which a tube can be seen, ``(n,)`` bool.
    depth
        Response of the tube in the last frames.
    tip
        Whether its last point is a tip.
    search
        Settings of moves.
    """
    none = np.zeros((1, 2))
    return float(_value(ridges, points, seen, none, depth, tip, Move(), 0.0, search)[0])


def moved(points: Array, move: Move, search: Search) -> Array:
    """Return a curve after a move.

    Parameters
    ----------
    points
        Points of the curve, ``(n, 2)``.
    move
        Move to make.
    search
        Settings of moves.
    """
    curve = slid(points, move.slide, search.stiff, search.spacing) if move.slide else points
    return evenly(curve + np.array([move.x, move.y]), search.spacing)


def _grid(reach: float, step: float) -> Array:
    count = int(reach / step)
    line = np.arange(-count, count + 1) * step
    x, y = np.meshgrid(line, line)
    found = np.column_stack([x.ravel(), y.ravel()])
    return np.asarray(found[np.hypot(*found.T) <= reach + 1e-9], np.float64)


def _value(
    ridges: Ridges,
    points: Array,
    seen: NDArray[np.bool_],
    shifts: Array,
    depth: float,
    tip: bool,
    guess: Move,
    slide: float,
    search: Search,
) -> Array:
    across = normals(points)
    keep = np.flatnonzero(seen)[len(points) % SPARSE // 2 :: SPARSE]
    if not len(keep):
        return np.full(len(shifts), -np.inf)
    at, across = points[keep], across[keep]
    responses = ridges.at(shifts[:, None] + at, np.broadcast_to(across, (len(shifts), *at.shape)))
    value = np.clip(responses / depth, -0.5, 1.2).mean(axis=1)
    if tip:
        length = (len(points) - 1) * search.spacing
        beyond = at_arc(points, length + np.arange(1, 4) * search.spacing * 3)
        out = np.broadcast_to(normals(beyond), (len(shifts), *beyond.shape))
        follows = np.clip(ridges.at(shifts[:, None] + beyond, out) / depth, 0, 1.2)
        value -= follows.sum(axis=1) / len(at)
    off = np.hypot(shifts[:, 0] - guess.x, shifts[:, 1] - guess.y) / search.reach
    value -= 0.1 * off**2 + SLIDE * ((slide - guess.slide) / max(search.slide, 1)) ** 2
    return np.asarray(value, np.float64)
