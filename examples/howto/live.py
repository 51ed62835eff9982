"""Masks of frames as they come, and how long each took: a grabber's loop.

python examples/howto/live.py [frames]
"""

import sys
import time
from collections.abc import Iterator

import numpy as np

from fluorosynth import Recipe
from fluorosynth.learn import Inference
from fluorosynth.learn.prediction import predict_frames

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 20


def grabber() -> Iterator[np.ndarray]:
    """Stand in for a frame grabber: `(H, W)` uint8, dense material dark."""
    opened = Recipe.preset("paper").with_values("size=512").open(seed=0)
    for index in range(COUNT):
        frame = opened.sample(index).image
        asked.append(time.perf_counter())
        yield frame


asked: list[float] = []
latencies = []
for number, found in enumerate(predict_frames(grabber(), Inference.load("default"))):
    latencies.append(1000 * (time.perf_counter() - asked[number]))
    print(f"frame {number}: {found.mask.sum()} px, presence {found.presence:.2f}")
low, high = np.percentile(latencies[2:], (50, 95))
print(f"latency: median {low:.0f} ms, 95 % below {high:.0f} ms")
