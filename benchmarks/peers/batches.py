"""What the two OpenCV peers in batches share: numbers drawn at once, moves without resampling.

A flip is a copy of a flipped picture, a shift by whole pixels a window of a padded one; rotation
and zoom warp. The noise comes from one large table, read on from where the last sample stopped.
"""

import cv2
import job
import numpy as np

cv2.setNumThreads(0)
S, MIDDLE, PAD = job.SIDE, (job.SIDE - 1) / 2, int(job.SHIFT * job.SIDE) + 1
TABLE = 1 << 20


class Numbers:
    """The numbers of n samples."""

    def __init__(self, n, seed):
        self.rng = np.random.default_rng(seed)
        self.pictures = self.rng.integers(job.PICTURES, size=n).tolist()
        self.instruments = self.rng.integers(job.INSTRUMENTS, size=n).tolist()
        self.moves = self.rng.integers(4, size=n).tolist()
        self.values = self.rng.random((n, 2)).tolist()
        self.used = TABLE

    def noise(self, count):
        if self.used + count > TABLE:
            self.table = self.rng.integers(-job.NOISE, job.NOISE + 1, TABLE, np.int16)
            self.used = 0
        self.used += count
        return self.table[self.used - count : self.used]


def padded(images, border):
    return np.stack([cv2.copyMakeBorder(i, PAD, PAD, PAD, PAD, border) for i in images])


def turned(images):
    """Return all images flipped top-bottom (0) and left-right (1)."""
    return [np.stack([cv2.flip(image, axis) for image in images]) for axis in (0, 1)]


def warp_matrix(move, value):
    """Return the matrix of a rotation (0) or zoom (1) by a value in [0, 1)."""
    low, high = job.ZOOM
    angle, factor = (job.DEGREES * value, 1.0) if move == 0 else (0.0, low + (high - low) * value)
    return cv2.getRotationMatrix2D((MIDDLE, MIDDLE), angle, factor), factor


def corner(values):
    """Return the row and column of the window that shifts a padded image."""
    return int((2 * PAD + 1) * values[0]), int((2 * PAD + 1) * values[1])


def speckle(image, label, numbers):
    inside = np.flatnonzero(label.view(np.bool_))  # ten times faster than of numbers
    grey = numbers.noise(len(inside)) + np.int16(cv2.mean(image)[0] + 0.5)
    image.reshape(-1)[inside] = np.clip(grey, 0, 255)
