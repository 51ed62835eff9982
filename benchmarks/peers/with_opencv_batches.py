"""OpenCV written for speed: whole batches of numbers, copies instead of warps where they do."""

import batches
import cv2
import job
import numpy as np
from batches import S

WIDE = batches.padded(job.pictures(), cv2.BORDER_REPLICATE)
WIDE_MASKS = batches.padded(job.masks(), cv2.BORDER_CONSTANT)
TURNED, TURNED_MASKS = batches.turned(job.pictures()), batches.turned(job.masks())


def make(n, seed):
    numbers = batches.Numbers(n, seed)
    images, labels = np.empty((2, n, S, S), np.uint8)
    for i, (picture, instrument, move, values) in enumerate(
        zip(numbers.pictures, numbers.instruments, numbers.moves, numbers.values, strict=True)
    ):
        image, label = images[i], labels[i]
        if move < 2:
            matrix, _ = batches.warp_matrix(move, values[0])
            source, mask = job.pictures()[picture], job.masks()[instrument]
            replicate = cv2.BORDER_REPLICATE
            cv2.warpAffine(source, matrix, (S, S), image, cv2.INTER_LINEAR, replicate)
            cv2.warpAffine(mask, matrix, (S, S), label, cv2.INTER_NEAREST)
        elif move == 2:
            row, column = batches.corner(values)
            image[:] = WIDE[picture, row : row + S, column : column + S]
            label[:] = WIDE_MASKS[instrument, row : row + S, column : column + S]
        else:
            axis = int(2 * values[0])
            image[:], label[:] = TURNED[axis][picture], TURNED_MASKS[axis][instrument]
        batches.speckle(image, label, numbers)
    return images, labels
