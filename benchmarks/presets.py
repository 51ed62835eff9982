"""What a sample of each preset costs, over the pictures in the box.

    python benchmarks/presets.py [--rounds 6]

The presets take turns; printed is the best of the rounds, 150 samples each.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import cv2

from fluorosynth import Recipe
from fluorosynth.backgrounds.bundled import Bundled

COUNT = 150


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=6)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    samplers = {
        name: replace(Recipe.preset(name), backgrounds=(Bundled(),), background_odds=()).open(0)
        for name in Recipe.presets()
    }
    for sampler in samplers.values():
        for index in range(50):
            sampler.sample(index)
    best = dict.fromkeys(samplers, float("inf"))
    for number in range(options.rounds):
        for name, sampler in samplers.items():
            first, start = 50 + number * COUNT, time.process_time()
            for index in range(first, first + COUNT):
                sampler.sample(index)
            best[name] = min(best[name], (time.process_time() - start) / COUNT)
    for name, seconds in best.items():
        print(f"{name:10} {seconds * 1e6:6.0f} us {1 / seconds:6.0f} images/s")


if __name__ == "__main__":
    main()
