"""The noise of a detector on a frame of one's own: grey levels of any size in and out.

python noise_on_my_frame.py
"""

from __future__ import annotations

import numpy as np

import fluorosynth
from fluorosynth.ranges import Constant
from fluorosynth.stages import Noise

frame = np.tile(np.linspace(30, 220, 640).astype(np.uint8), (480, 1))  # yours: (H, W) uint8

noisy = fluorosynth.apply(Noise(photons=Constant(500)), frame, seed=0)
print(noisy.image.shape, noisy.image.dtype, noisy.meta["steps"])
