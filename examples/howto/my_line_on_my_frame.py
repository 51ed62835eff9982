"""A centreline of one's own, made a catheter on a frame of one's own: a picture and its mask.

    python my_line_on_my_frame.py [OUT.png]

From ``render`` on, no stage of ``physics`` moves anything: the line stays where it was drawn. With
all of its stages, frame, line and mask are turned, zoomed and mirrored together.
"""

from __future__ import annotations

import sys

import cv2
import numpy as np

import fluorosynth
from fluorosynth import Device, Recipe
from fluorosynth.backgrounds import Bundled

frame = Bundled().open(512, seed=0).images[7][:, :400]  # yours: (H, W) uint8
y = np.linspace(0, 330, 60)
points = np.stack([200 + 130 * np.sin(y / 110 - 1.2), y], 1).astype(np.float32)  # yours: (x, y)

line = Device(points, width=np.full(len(points), 8, np.float32), label="catheter")
physics = Recipe.preset("physics").stages
still = physics[[stage.kind for stage in physics].index("render") :]
sample = fluorosynth.apply(still, frame, [line], seed=3)
print(sample.image.shape, f"{(sample.mask == 1).sum()} pixels of catheter in the mask")

if len(sys.argv) > 1:
    cv2.imwrite(sys.argv[1], np.hstack([frame, sample.image, (sample.mask == 1) * np.uint8(255)]))
