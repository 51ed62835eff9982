"""Sequences of a moving dark tube with exact truth, for tests of labels and of the tracker."""

import cv2
import numpy as np

from fluorosynth.labels import FrameLabels, Instrument, Labels, Source

SHAPE = (160, 192)


def bent(length=130.0, count=66):
    """Points (n, 2) of a curve that enters at the left border and bends."""
    s = np.linspace(0, length, count)
    return np.column_stack([s, 80 + 20 * np.sin(s / 40)])


def whole(length=130.0):
    """Return the same, with the part outside the picture."""
    return np.vstack([[[-9.0, 80.0]], bent(length)])


def frame(curves, width=5.0, depth=50.0, noise=4.0, rng=None, shape=SHAPE):
    """Return a noisy picture with curves drawn at 8 times the resolution and averaged."""
    fine = np.zeros((shape[0] * 8, shape[1] * 8), np.uint8)
    for curve in curves:
        at = np.rint(((np.asarray(curve) + 0.5) * 8 - 0.5) * 16).astype(int)
        cv2.polylines(fine, [at], False, 255, round(width * 8), cv2.LINE_8, 4)
    cover = cv2.resize(fine, shape[::-1], interpolation=cv2.INTER_AREA).astype(float) / 255
    y, x = np.mgrid[: shape[0], : shape[1]]
    ground = 140 + 25 * np.sin(x / 50) + 20 * np.cos(y / 35)
    picture = ground - depth * cover
    if rng is not None:
        picture = picture + rng.normal(0, noise, shape)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def key(points, index, count, width=5.0, name="catheter_0", shape=SHAPE, **about):
    """Return labels with one drawn curve."""
    points = np.asarray(points, np.float32)
    inside = np.all((points >= -0.5) & (points <= np.array(shape[::-1]) - 0.5), axis=1)
    points = points[inside]
    line = Instrument(points, np.full(len(points), width, np.float32), name, **about)
    return Labels(Source("run.npy", count, *shape), (FrameLabels(index, (line,)),))


def distance(points, truth):
    """Return the mean distance of points from a finely sampled curve, px."""
    steps = np.linspace(0, len(truth) - 1, 40 * len(truth))
    fine = np.column_stack(
        [np.interp(steps, np.arange(len(truth)), c) for c in np.transpose(truth)]
    )
    return float(np.linalg.norm(np.asarray(points)[:, None] - fine, axis=2).min(axis=1).mean())
