"""How much of thin, faint guidewires models find, on generated pictures.

    python examples/studies/thin_wires.py MODEL... [--n 100]

Pictures of `physics` with a wire of 1.5 px, kept where its median depth exceeds the noise beside it
by 2 to 4 grey levels. Found is a point of its centreline with a marked pixel within 2 px; masks are
those of `predict` with its defaults. Intervals are 95 %, from drawing pictures again.

Beside it the same by how much a stretch of 24 px stands out for who knows where it lies: the
darkness along it, less that of the pixels on both sides, over the standard deviation of the same
measure on parallels 6 to 19 px away.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from itertools import pairwise

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
STRETCH, ASIDE, WITHOUT = 24, 24, 6  # px: along; across, to either side; from where it is not seen
CLASSES = (-np.inf, 2.0, 4.0, 6.0, np.inf)


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


def stretches(sample: Sample, mask: np.ndarray) -> list[tuple[float, float]]:
    """Return how much each visible stretch of the wire stands out, and what share is found."""
    path = sample.devices[0].centreline.astype(np.float64)
    run = np.concatenate([[0], np.hypot(*np.diff(path, axis=0).T).cumsum()])
    even = np.arange(0, run[-1])
    points = np.column_stack([np.interp(even, run, path[:, k]) for k in (0, 1)])
    along = np.gradient(points, axis=0)
    along /= np.hypot(*along.T)[:, None]
    across = np.arange(-ASIDE, ASIDE + 1)[None, :, None] * (along[:, None, ::-1] * (-1, 1))
    grid = (points[:, None] + across).astype(np.float32)
    look = cv2.remap(sample.image, grid[..., 0], grid[..., 1], cv2.INTER_LINEAR).astype(float)
    middle, beside = look[:, 5:-5], look[:, :-10] + look[:, 1:-9] + look[:, 9:-1] + look[:, 10:]
    dark, parallel = beside / 4 - middle, np.arange(-ASIDE + 5, ASIDE - 4)
    near = cv2.dilate(mask, np.ones((2 * NEAR + 1, 2 * NEAR + 1), np.uint8))
    x, y = np.rint(points).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < mask.shape[1]) & (y < mask.shape[0])
    x, y = np.where(inside, x, 0), np.where(inside, y, 0)
    seen, found = inside & (sample.mask[y, x] == 1), near[y, x] > 0
    out = []
    for first in range(0, len(points) - STRETCH + 1, STRETCH):
        part = slice(first, first + STRETCH)
        if seen[part].mean() >= 0.8:
            means = dark[part].mean(0)
            others = means[np.abs(parallel) >= WITHOUT]
            ratio = (means[parallel == 0][0] - others.mean()) / max(others.std(), 1e-6)
            out.append((float(ratio), float(found[part].mean())))
    return out


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
    ranges = [f"{low:g} to {high:g}" for low, high in pairwise(CLASSES)]
    print("| model | pictures | recall of the centreline |", " | ".join(ranges), "|")
    print("|---|---|---|" + "---|" * len(ranges))
    for name in options.models:
        inference = Inference(load_model(name, torch.device("cpu")), "cpu")
        config = SegmentConfig.of(inference.model)
        masks = [next(segment(s.image[None, None], inference, config)).mask for s in samples]
        pairs = list(zip(samples, masks, strict=True))
        found = {str(i): [recall(*pair)] for i, pair in enumerate(pairs)}
        mean, low, high = bootstrap_interval(found, np.random.default_rng(0))
        ratios, shares = np.array([one for pair in pairs for one in stretches(*pair)]).T
        held = np.digitize(ratios, CLASSES[1:-1])
        cells = [
            f"{shares[held == k].mean():.2f} ({(held == k).sum()})" for k in range(len(ranges))
        ]
        print(
            f"| {name} | {len(samples)} | {mean:.2f} ({low:.2f}-{high:.2f}) |",
            " | ".join(cells),
            "|",
        )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main()
    else:
        print(__doc__)
