"""Segmenters that know the truth of every picture of a test."""

from typing import ClassVar

import cv2
import numpy as np


class Oracle:
    """Answers with what ``answer(pair, condition, scene)`` says; nothing in bare pictures."""

    about: ClassVar = {"kind": "oracle"}

    def __init__(self, config, answer):
        scenes = config.scenes()
        self.known = {}
        for axis in config.axes:
            for condition in axis.conditions(config.held):
                for scene in range(config.pictures):
                    pair = scenes.pair(scene, condition)
                    self.known[pair.bare.tobytes()] = np.zeros_like(pair.truth)
                    self.known[pair.image.tobytes()] = answer(pair, condition, scene)

    def masks(self, pictures):
        for picture in pictures:
            yield self.known[picture.tobytes()]


def truth(pair, condition, scene):
    return pair.truth


def nothing(pair, condition, scene):
    return np.zeros_like(pair.truth)


def dilated(pair, condition, scene):
    return cv2.dilate(pair.truth, np.ones((3, 3), np.uint8))
