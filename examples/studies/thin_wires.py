"""How much of thin, faint guidewires models find, on generated pictures.

    python examples/studies/thin_wires.py MODEL... [--n 100]

Pictures of `physics` with a wire of 1.5 px, kept where its median depth exceeds the noise beside it
by 2 to 4 grey levels. Found is a point of its centreline with a marked pixel within 2 px; masks are
those of `predict` with its defaults. Intervals are 95 %, from drawing pictures again.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

import cv2
import numpy as np
import torch

from fluorosynth.devices.spline import Spline
from fluorosynth.devices.walk import Walk
from fluorosynth.learn.checkpoint import load_model
from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.prediction.segment import SegmentConfig, segment
from fluorosynth.metrics import bootstrap_interval
from fluorosynth.ranges import Constant
from fluorosynth.recipe import Recipe
from fluorosynth.sample import Sample

WIDTH, OVER, NEAR, SEED = 1.5, (2.0, 4.0), 2, 2**41


def recipe() -> Recipe:
    """Return `physics` with one thin wire a picture, and none within catheters."""
    known = Recipe.preset("physics")
    wire = {"counts": (1.0,), "wires": 1.0, "wire_width": Constant(WIDTH)}
    stages = tuple(stage for stage in known.stages if stage.kind != "coaxial")
    devices = (Spline(through=0.25, **wire), Walk(**wire))
    return replace(known, devices=devices, device_odds=(0.7, 0.3), stages=stages)


def over_noise(sample: Sample) -> float:
    """Return how much deeper the wire is than the noise beside it, grey levels."""
    there = sample.mask == 1
    if there.sum() < 60:
        return 0.0
    without = sample.image + sample.contrast
    bend = without[1:-1] * 2 - without[:-2] - without[2:]
    beside = cv2.dilate(there.astype(np.uint8), np.ones((9, 9)))[1:-1] > 0
    return float(np.median(sample.contrast[there]) - bend[beside].std() / 6**0.5)


def recall(sample: Sample, mask: np.ndarray) -> float:
    """Return the share of the wire's visible centreline that is found."""
    points = np.rint(sample.devices[0].centreline).astype(int)
    line = np.zeros_like(mask)
    cv2.polylines(line, [points.reshape(-1, 1, 2)], False, 1)
    seen = (line > 0) & (sample.mask == 1)
    near = cv2.dilate(mask, np.ones((2 * NEAR + 1, 2 * NEAR + 1), np.uint8)) > 0
    return float(near[seen].mean())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="+")
    parser.add_argument("--n", type=int, default=100)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    samples, made = [], recipe().open(SEED)
    for sample in made:
        if len(samples) == options.n:
            break
        if OVER[0] <= over_noise(sample) <= OVER[1]:
            samples.append(sample)
    print("| model | pictures | recall of the centreline |\n|---|---|---|")
    for name in options.models:
        inference = Inference(load_model(name, torch.device("cpu")), "cpu")
        config = SegmentConfig.of(inference.model)
        found = {
            str(i): [recall(s, next(segment(s.image[None, None], inference, config)).mask)]
            for i, s in enumerate(samples)
        }
        mean, low, high = bootstrap_interval(found, np.random.default_rng(0))
        print(f"| {name} | {len(samples)} | {mean:.2f} ({low:.2f}-{high:.2f}) |")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main()
    else:
        print(__doc__)
