"""Frames and curves that a program holds, in a recipe: no file on the way.

python from_memory.py
"""

from __future__ import annotations

import numpy as np

from fluorosynth import Device, Recipe, backgrounds, devices

frames = np.random.default_rng(0).integers(90, 160, (5, 300, 400)).astype(np.uint8)  # yours
points = np.float32([[0, 150], [120, 140], [260, 200]])  # yours: (x, y) in px of a frame
line = Device(points, np.full(len(points), 5, np.float32), label="guidewire")

recipe = Recipe.preset("paper").with_sources(
    backgrounds.Memory(frames), devices.Memory([line], frame=frames.shape[1:])
)
for index in range(3):
    sample = recipe.sample(seed=0, index=index)
    print(sample.meta["background"], sample.image.shape, int((sample.mask == 1).sum()))
