"""This package: one ``OpenRecipe.sample`` a sample, exact masks, provenance."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import job
import numpy as np

from fluorosynth import Recipe
from fluorosynth.backgrounds.base import BackgroundSource
from fluorosynth.backgrounds.pool import BackgroundPool
from fluorosynth.devices.base import DeviceSource
from fluorosynth.devices.pool import DevicePool

cv2.setNumThreads(0)


@dataclass(frozen=True)
class Pictures(BackgroundSource):
    def open(self, size, seed):
        return BackgroundPool(job.pictures(), tuple(map(str, range(job.PICTURES))))


@dataclass(frozen=True)
class Curves(DeviceSource):
    def open(self, size, seed):
        return DevicePool([(device,) for device in job.devices()])


RECIPE = Recipe((Pictures(),), (Curves(),), Recipe.preset("paper").stages, job.SIDE).open(seed=0)


def make(n, seed):
    images, labels = np.empty((2, n, job.SIDE, job.SIDE), np.uint8)
    for number in range(n):
        sample = RECIPE.sample(number + (seed << 32))
        images[number], labels[number] = sample.image, sample.mask
    return images, labels
