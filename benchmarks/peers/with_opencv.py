"""OpenCV as most people write it: one matrix, ``cv2.warpAffine`` of the picture and of the mask."""

import cv2
import job
import numpy as np

cv2.setNumThreads(0)
SIZE, MIDDLE = (job.SIDE, job.SIDE), (job.SIDE - 1) / 2


def matrix(name, value):
    if name in ("rotate", "zoom"):
        angle, factor = (value, 1.0) if name == "rotate" else (0.0, value)
        return cv2.getRotationMatrix2D((MIDDLE, MIDDLE), angle, factor)
    if name == "shift":
        return np.array([[1, 0, value[0]], [0, 1, value[1]]])
    across, down = ((-1, 1), (1, -1))[value]
    return np.array([[across, 0, MIDDLE * (1 - across)], [0, down, MIDDLE * (1 - down)]], float)


def move(picture, instrument, rng):
    forward = matrix(*job.drawn(rng))
    source, replicate = job.pictures()[picture], cv2.BORDER_REPLICATE
    image = cv2.warpAffine(source, forward, SIZE, flags=cv2.INTER_LINEAR, borderMode=replicate)
    return image, cv2.warpAffine(job.masks()[instrument], forward, SIZE, flags=cv2.INTER_NEAREST)


make = job.one_by_one(move)
