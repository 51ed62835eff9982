"""scipy.ndimage: its own function for each move."""

import job
import numpy as np
from scipy import ndimage


def moved(array, name, value, order, mode):
    if name == "rotate":
        return ndimage.rotate(array, value, reshape=False, order=order, mode=mode)
    if name == "zoom":
        middle = (job.SIDE - 1) / 2
        scale = np.full(2, 1 / value)
        return ndimage.affine_transform(array, scale, middle * (1 - scale), order=order, mode=mode)
    if name == "shift":
        return ndimage.shift(array, value[::-1], order=order, mode=mode)
    return np.flip(array, 1 - value)


def move(picture, instrument, rng):
    drawn = job.drawn(rng)
    image = moved(job.pictures()[picture], *drawn, order=1, mode="nearest")
    return image, moved(job.masks()[instrument], *drawn, order=0, mode="constant")


make = job.one_by_one(move)
