"""Keras' ``ImageDataGenerator``, the tool that the publication names, one transform an image."""

import os

os.environ["KERAS_BACKEND"] = "torch"

import job
import numpy as np
from keras.src.legacy.preprocessing.image import ImageDataGenerator

FLIPS = {"flip_horizontal": True}, {"flip_vertical": True}
IMAGES, MASKS = (a[..., None].astype(np.float32) for a in (job.pictures(), job.masks()))
OF_IMAGES = ImageDataGenerator(fill_mode="nearest", interpolation_order=1)
OF_MASKS = ImageDataGenerator(fill_mode="constant", interpolation_order=0)


def parameters(name, value):
    if name == "rotate":
        return {"theta": value}
    if name == "zoom":
        return {"zx": 1 / value, "zy": 1 / value}
    if name == "shift":
        return {"tx": -value[0], "ty": -value[1]}
    return FLIPS[value]


def move(picture, instrument, rng):
    drawn = parameters(*job.drawn(rng))
    image = OF_IMAGES.apply_transform(IMAGES[picture], drawn)
    mask = OF_MASKS.apply_transform(MASKS[instrument], drawn)
    return np.clip(np.rint(image[..., 0]), 0, 255), mask[..., 0] > 0.5


make = job.one_by_one(move)
