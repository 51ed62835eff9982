"""Slow, exact references for the tests."""

import numpy as np


def distance(points, line):
    """Distances (n,) of points (n, 2) to a polyline (m, 2)."""
    points = np.asarray(points, float)[:, None]
    start, step = np.asarray(line, float)[:-1], np.diff(np.asarray(line, float), axis=0)
    length2 = np.maximum((step**2).sum(1), 1e-300)
    along = np.clip(((points - start) * step).sum(2) / length2, 0, 1)
    return np.linalg.norm(points - start - along[..., None] * step, axis=2).min(1)


def draw(devices, shape):
    """Mask uint8 (H, W): 1 where a pixel's centre lies within half the width of a centreline.

    A segment has the mean width of its two ends.
    """
    mask = np.zeros(shape, np.uint8)
    yx = np.indices(shape).reshape(2, -1)
    pixels = yx[::-1].T.astype(float)
    for device in devices:
        line, width = np.asarray(device.centreline, float), np.asarray(device.width, float)
        for a, b, w in zip(line[:-1], line[1:], (width[:-1] + width[1:]) / 2, strict=True):
            low, high = np.minimum(a, b) - w / 2 - 1, np.maximum(a, b) + w / 2 + 1
            near = np.flatnonzero(((pixels >= low) & (pixels <= high)).all(1))
            hit = near[distance(pixels[near], [a, b]) <= w / 2]
            mask.flat[hit] = 1
    return mask


def dice(a, b):
    a, b = np.asarray(a, bool), np.asarray(b, bool)
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def resample(line, step=0.5):
    """Points every ``step`` along a polyline."""
    line = np.asarray(line, float)
    arc = np.concatenate([[0], np.linalg.norm(np.diff(line, axis=0), axis=1).cumsum()])
    at = np.linspace(0, arc[-1], max(2, int(arc[-1] / step)))
    return np.column_stack([np.interp(at, arc, line[:, k]) for k in (0, 1)])


def centreline_error(found, true):
    """Median distance from the found curve to the true one, and back; the larger."""
    there = np.median(distance(resample(found), true))
    back = np.median(distance(resample(true), found))
    return max(there, back)
