"""As ``with_opencv_batches``, but the curve is moved and drawn again: no mask is warped.

``cv2.polylines`` draws lines up to 2 px wider than asked for: these labels are not exact.
"""

import batches
import cv2
import job
import numpy as np
from batches import MIDDLE, PAD, S

WIDE = batches.padded(job.pictures(), cv2.BORDER_REPLICATE)
TURNED = batches.turned(job.pictures())
POINTS = [device.centreline[::4] for device in job.devices()]
CURVES = [np.column_stack([points, np.ones(len(points))]) for points in POINTS]
WIDTHS = [float(device.width.mean()) for device in job.devices()]
MIRRORS = [
    np.array([[1.0, 0, 0], [0, -1, 2 * MIDDLE]]),
    np.array([[-1.0, 0, 2 * MIDDLE], [0, 1, 0]]),
]
BITS = 3  # of a pixel, in which OpenCV takes points


def make(n, seed):
    numbers = batches.Numbers(n, seed)
    images, labels = np.empty((n, S, S), np.uint8), np.zeros((n, S, S), np.uint8)
    for i, (picture, instrument, move, values) in enumerate(
        zip(numbers.pictures, numbers.instruments, numbers.moves, numbers.values, strict=True)
    ):
        image, label, factor = images[i], labels[i], 1.0
        if move < 2:
            matrix, factor = batches.warp_matrix(move, values[0])
            source, replicate = job.pictures()[picture], cv2.BORDER_REPLICATE
            cv2.warpAffine(source, matrix, (S, S), image, cv2.INTER_LINEAR, replicate)
        elif move == 2:
            row, column = batches.corner(values)
            image[:] = WIDE[picture, row : row + S, column : column + S]
            matrix = np.array([[1.0, 0, PAD - column], [0, 1, PAD - row]])
        else:
            axis = int(2 * values[0])
            image[:], matrix = TURNED[axis][picture], MIRRORS[axis]
        points = np.rint(CURVES[instrument] @ matrix.T * 2**BITS).astype(np.int32)
        width = max(1, round(WIDTHS[instrument] * factor))
        cv2.polylines(label, [points], False, 1, width, cv2.LINE_8, BITS)
        batches.speckle(image, label, numbers)
    return images, labels
