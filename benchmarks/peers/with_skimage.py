"""scikit-image: ``transform.warp`` through one affine transform."""

import job
import numpy as np
from skimage import transform

MIDDLE = (job.SIDE - 1) / 2


def affine(name, value):
    if name == "shift":
        return transform.AffineTransform(translation=value)
    made = {"rotate": lambda: {"rotation": -np.radians(value)}, "zoom": lambda: {"scale": value}}
    away = transform.AffineTransform(translation=(-MIDDLE, -MIDDLE))
    return away + transform.AffineTransform(**made[name]()) + away.inverse


def move(picture, instrument, rng):
    name, value = job.drawn(rng)
    image, mask = job.pictures()[picture], job.masks()[instrument]
    if name == "flip":
        return np.flip(image, 1 - value), np.flip(mask, 1 - value)
    back = affine(name, value).inverse
    moved = transform.warp(image, back, order=1, mode="edge", preserve_range=True)
    return np.rint(moved), transform.warp(mask, back, order=0, preserve_range=True)


make = job.one_by_one(move)
