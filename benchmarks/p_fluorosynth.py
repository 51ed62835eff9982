"""The paper's recipe through ``Recipe.sample``: one call a sample, exact masks, provenance.

Same inputs as the peers beside which it is measured: ``common.py`` of the peer runner.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from common import S, assets, centrelines

from fluorosynth import Recipe
from fluorosynth.backgrounds.base import BackgroundSource
from fluorosynth.devices.base import DeviceSource
from fluorosynth.devices.pool import DevicePool
from fluorosynth.sample import Background, Device

cv2.setNumThreads(0)


class Pictures:
    """Backgrounds in memory."""

    fingerprint = "peers"

    def __init__(self):
        self.all = [Background(image, str(i)) for i, image in enumerate(assets()[0])]

    def draw(self, rng):
        return self.all[int(rng.random() * len(self.all))]


@dataclass(frozen=True)
class PeerBackgrounds(BackgroundSource):
    def open(self, size, seed):
        return Pictures()


@dataclass(frozen=True)
class PeerDevices(DeviceSource):
    def open(self, size, seed):
        lines, widths = centrelines()
        return DevicePool(
            [
                (
                    Device(
                        np.ascontiguousarray(line[::8]), np.full(50, width, np.float32), id=str(i)
                    ),
                )
                for i, (line, width) in enumerate(zip(lines, widths, strict=True))
            ]
        )


SAMPLER = Recipe((PeerBackgrounds(),), (PeerDevices(),), Recipe.preset("paper").stages, S).open(0)


def make(n, seed):
    images, masks = np.empty((n, S, S), np.uint8), np.empty((n, S, S), np.uint8)
    for i in range(n):
        sample = SAMPLER.sample(i + (seed << 32))
        images[i], masks[i] = sample.image, sample.mask
    return images, masks
