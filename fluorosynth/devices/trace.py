"""From a mask to vector instruments: subpixel centrelines with a width, from border to tip."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.devices.pixel_paths import pixel_paths
from fluorosynth.devices.skeleton import Array, Bools, Branch
from fluorosynth.geometry.arc_length import arc_length
from fluorosynth.geometry.distance import depth_in
from fluorosynth.geometry.filled_box import filled_box
from fluorosynth.sample import Device

Floats = NDArray[np.float32]  # a mask, 0 and 1

SAGITTA = 0.1  # px, the most that the curve may leave the chord of two points
STEP = 0.25  # px, along a cross-section
EDGE = 0.15  # a cross-section ends where the interpolated mask falls below
HOLE = 4  # px^2, holes up to this are flaws of the mask


@dataclass(frozen=True)
class Tube:
    """A curve sampled about every pixel.

    Parameters
    ----------
    points
        Points, ``(n, 2)``, (x, y) in px.
    width
        Full width at each, ``(n,)``, px; NaN where it could not be measured.
    closed
        Whether it is a ring.
    """

    points: Array
    width: Array
    closed: bool


def trace(mask: NDArray[np.generic], label: str = "catheter") -> tuple[Device, ...]:
    """Find the instruments of a label image as curves.

    Each nonzero value is traced apart, and may hold several instruments (a binary mask is the
    common case). In a crossing the straightest continuation is taken; gaps of up to 6 pixels, or
    under another instrument, are bridged where both sides aim at each other. Specks and burrs
    shorter than they are wide, or than 5 pixels, are dropped.

    Parameters
    ----------
    mask
        Instruments, ``(H, W)`` bool or integer; 0 is background.
    label
        Label of all devices.

    Returns
    -------
    tuple of Device
        Centrelines within about half a pixel, points 1 to 3 px apart. The entry is the end that
        touches the border; where both or neither do, the end nearer to the border, and of equal
        ones the upper, then the left. At the border a centreline runs on until its round end lies
        outside, at a tip it ends half a width inside the mask. A closed ring starts and ends at
        its point nearest to the border.

    Raises
    ------
    BadDataError
        Where the skeleton has over 300 branches: noise, text, a tree.

    Examples
    --------
    >>> mask = np.zeros((40, 40), np.uint8)
    >>> mask[0:30, 10:15] = 1
    >>> (device,) = trace(mask)
    >>> device.width.round(1).max(), device.centreline.round()[-1].tolist()
    (np.float32(4.9), [12.0, 27.0])
    """
    anything = mask != 0
    devices = []
    for value in np.unique(mask[anything]):
        solid = fill_holes(mask == value)
        depth, image = depth_in(solid), solid.astype(np.float32)
        for path in pixel_paths(solid, depth, anything):
            x, y = path.points.astype(int).T
            tube = _refine(path, float(np.median(depth[y, x])), image)
            device = _finish(tube, image, label) if tube else None
            if device is not None:
                devices.append(device)
    return tuple(devices)


def fill_holes(mask: Bools) -> Bools:
    """Fill holes of up to 4 px^2.

    Parameters
    ----------
    mask
        Pixels of instruments, ``(H, W)`` bool.
    """
    box = filled_box(mask, HOLE + 1)  # so wide that what is cut off is larger than a hole
    holes = (~mask[box]).view(np.uint8)
    if not holes.any():
        return mask
    _, parts, stats, _ = cv2.connectedComponentsWithStats(holes, connectivity=4)
    small = np.asarray(stats)[:, cv2.CC_STAT_AREA] <= HOLE
    small[0] = False
    if not small.any():
        return mask
    filled = mask.copy()
    filled[box] |= small[parts]
    return filled


def _refine(path: Branch, radius: float, mask: Floats) -> Tube | None:
    """Centre a pixel path on the mask; None for a speck."""
    tube = _smooth(path.points, 0.7, path.closed)
    for _ in range(2):
        if tube is None:
            return None
        shift, width = _cross_sections(tube, 2 * radius + 4, mask)
        good = np.isfinite(width)
        if not good.any():
            return None
        centred = tube.points + shift[:, None] * _normals(tube)
        good[-1] &= not path.closed  # it repeats the first
        tube = _smooth(centred[good], 0.15, path.closed)
    if tube is None:
        return None
    return Tube(tube.points, _cross_sections(tube, 2 * radius + 4, mask)[1], path.closed)


def _smooth(points: Array, tolerance: float, closed: bool) -> Tube | None:
    """Fit a cubic smoothing spline within ``tolerance`` px rms, sampled about every pixel."""
    from scipy.interpolate import splev, splprep

    if closed:
        points = np.concatenate([points, points[:1]])
    length = arc_length(points)[-1]
    if len(points) < 5 or length < 4:
        return None
    spline, _ = splprep(points.T, s=len(points) * tolerance**2, per=closed)
    fine = np.transpose(splev(np.linspace(0, 1, 4 * len(points)), spline))
    if np.abs(fine - np.clip(fine, points.min(axis=0), points.max(axis=0))).max() > length / 4:
        fine = points  # too few points for so many turns: the spline has burst
    return Tube(_resample(fine, 1.0), np.empty(0), closed)


def _resample(points: Array, spacing: float) -> Array:
    arc = arc_length(points[:, :2])
    at = np.linspace(0, arc[-1], max(2, round(arc[-1] / spacing) + 1))
    return np.column_stack([np.interp(at, arc, column) for column in points.T])


def _normals(tube: Tube) -> Array:
    tangent = np.gradient(tube.points, axis=0)
    if tube.closed:
        tangent[0] = tangent[-1] = tube.points[1] - tube.points[-2]
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    return np.column_stack([-tangent[:, 1], tangent[:, 0]])


def _cross_sections(tube: Tube, reach: float, mask: Floats) -> tuple[Array, Array]:
    """Measure the mask across a curve: offset of its centre along the normal, and width.

    Both are integrals over the run of mask that holds the curve, so that length times mean width
    is the mask's area. Nan where the run is unlike its surroundings (in a crossing, under another
    instrument) or leaves the picture.
    """
    from scipy.ndimage import map_coordinates, median_filter

    half = np.arange(STEP / 2, reach, STEP)
    offset = np.concatenate([-half[::-1], half])
    normals = _normals(tube)
    yx = np.stack([tube.points[:, k] + offset[:, None] * normals[:, k] for k in (1, 0)])
    n, profile = len(half), np.zeros(yx.shape[1:], np.float32)
    core = slice(n // 2, -(n // 2))  # most runs end in it, and then nothing beyond is looked at
    profile[core] = map_coordinates(mask, yx[:, core], order=1, mode="nearest")
    wide = (profile[[core.start, core.stop - 1]] > EDGE).any(axis=0)
    profile[:, wide] = map_coordinates(mask, yx[:, :, wide], order=1, mode="nearest")
    profile = profile.T
    inside = profile > EDGE
    inside[:, n:] = np.logical_and.accumulate(inside[:, n:], axis=1)
    inside[:, :n] = np.logical_and.accumulate(inside[:, :n][:, ::-1], axis=1)[:, ::-1]
    profile = profile * inside
    width = profile.sum(axis=1) * STEP
    shift = (profile @ offset) * STEP / np.maximum(width, 1e-9)
    usual = median_filter(width, 41, mode="wrap" if tube.closed else "nearest")
    bad = (width < 0.3) | (np.abs(width - usual) > np.maximum(0.75, 0.2 * usual))
    bad |= inside[:, 0] | inside[:, -1]
    beyond = [(k < 0) | (k > side - 1) for k, side in zip(yx, mask.shape, strict=True)]
    bad |= (inside.T & (beyond[0] | beyond[1])).any(axis=0)
    return np.where(bad, np.nan, shift), np.where(bad, np.nan, width)


def _finish(tube: Tube, mask: Floats, label: str) -> Device | None:
    """Prolong a tube to both ends, order it from entry to tip and thin out its points."""
    from scipy.ndimage import uniform_filter1d

    arc, good = arc_length(tube.points), np.isfinite(tube.width)
    if not good.any():
        return None
    width = np.interp(arc, arc[good], tube.width[good])
    size = max(9, round(2 * float(np.median(width))))
    width = uniform_filter1d(width, size, mode="wrap" if tube.closed else "nearest")
    curve = np.column_stack([tube.points, width])
    if tube.closed:
        nearest = int(np.argmin(_to_border(curve[:-1], mask)))
        curve = np.roll(curve[:-1], -nearest, axis=0)
        curve = np.concatenate([curve, curve[:1]])
    else:
        curve = _prolong(_prolong(curve, mask)[::-1], mask)
        first, last = (
            (round(_to_border(curve[k : k + 1], mask)[0], 3), *curve[k, 1::-1])
            for k in (0, len(curve) - 1)
        )
        curve = curve if first <= last else curve[::-1]
    if arc_length(curve[:, :2])[-1] < max(5.0, float(np.median(width))):
        return None
    curve = _resample(curve, _spacing(curve)).astype(np.float32)
    return Device(curve[:, :2], curve[:, 2], label)


def _to_border(points: Array, mask: Floats) -> Array:
    """Distance to the border of the picture, 0 outside."""
    far = np.array(mask.shape[::-1]) - 0.5
    nearest = np.minimum(points[:, :2] + 0.5, far - points[:, :2]).min(axis=1)
    return np.asarray(np.maximum(0, nearest))


def _prolong(curve: Array, mask: Floats) -> Array:
    """Move the last point to half a width before the mask ends, or beyond the border."""
    from scipy.ndimage import map_coordinates

    radius = curve[-1, 2] / 2
    back = min(len(curve) - 1, int(np.clip(radius, 4, 12)))
    ahead = curve[-1, :2] - curve[-1 - back, :2]
    ahead /= np.linalg.norm(ahead)
    along = np.arange(0, 8 * radius + 8, STEP)
    ray = curve[-1, :2] + along[:, None] * ahead
    outside = np.max(np.maximum(-0.5 - ray, ray - np.array(mask.shape[::-1]) + 0.5), axis=1)
    solid = map_coordinates(mask, ray.T[::-1], order=1, mode="nearest") >= 0.5
    end = int(np.argmin(solid & (outside < 0)))
    if outside[end] >= 0:
        more = along[int(np.argmax(outside >= radius)) or -1]
    else:
        more = min(along[end], 3 * radius + 2) - radius
    if more < 0:
        arc = arc_length(curve[:, :2])
        return curve[: max(2, int(np.searchsorted(arc, arc[-1] + more, "right")))]
    return np.concatenate([curve, [[*(curve[-1, :2] + more * ahead), curve[-1, 2]]]])


def _spacing(curve: Array) -> float:
    """Distance between points that keeps their chords within SAGITTA of the curve, 1 to 3 px."""
    step = np.diff(_resample(curve, 2.0)[:, :2], axis=0)
    turn = np.abs(np.diff(np.unwrap(np.arctan2(step[:, 1], step[:, 0]))))
    bend = float(turn.max(initial=0)) / 2
    return float(np.clip(np.sqrt(8 * SAGITTA / max(bend, 1e-6)), 1, 3))
