"""What a training can be fed with: items a second from shards, and rendered on the fly.

    python benchmarks/loading.py [--n 2000] [--rounds 5] [--device auto]

Rates of items are per second of one core's time (other work on the machine counts little), medians,
warm; rounds run all parts in turn. "views" are the items as the
data set gives them, mapped and not yet looked at; "read" copies every byte, as collation does.
Then training steps are timed on the device: their rate over the rendering rate is how many cores
keep it busy without any file.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
import torch

from fluorosynth import Recipe
from fluorosynth.dataset.generation import generate
from fluorosynth.learn.benchmark import describe
from fluorosynth.learn.data import (
    Crops,
    LabelledDataset,
    Normalisation,
    RecipeDataset,
    collate,
    open_dataset,
)
from fluorosynth.learn.device import autocast, memory_format, pick_device
from fluorosynth.learn.networks import build
from fluorosynth.learn.training.losses import LOSSES

RENDERED = 200  # samples a round


def rate(work: Callable[[int], object], items: Iterable[int]) -> float:
    """Return how many items ``work`` does in a second of processor time."""
    items = list(items)
    start = time.process_time()
    deque(map(work, items), 0)
    return len(items) / (time.process_time() - start)


def rates(pairs: LabelledDataset, presets: list[str], rounds: int) -> dict[str, float]:
    """Return the median rate of each way to get items."""
    crops = Crops(pairs, 128, seed=0)
    rendered = {name: RecipeDataset(Recipe.preset(name), 0, RENDERED) for name in presets}
    order = random.Random(0).choices(range(len(pairs)), k=5 * len(pairs))
    batches = range(len(order) // 30)
    parts: dict[str, Callable[[], float]] = {
        "shards, views": lambda: rate(pairs.__getitem__, order),
        "shards, read": lambda: rate(lambda i: [a.copy() for a in pairs[i]], order),
        "shards, crops of 128, read": lambda: rate(lambda i: [a.copy() for a in crops[i]], order),
        "shards, batches of 30": lambda: (
            30 * rate(lambda b: collate([pairs[i] for i in order[30 * b : 30 * b + 30]]), batches)
        ),
        **{
            f"rendered, {name}": lambda made=made: rate(made.__getitem__, range(RENDERED))
            for name, made in rendered.items()
        },
    }
    found: dict[str, list[float]] = {name: [] for name in parts}
    for number in range(rounds + 1):
        for name, work in parts.items():
            value = work()
            found[name] += [value] if number else []  # the first round warms up
    return {name: statistics.median(values) for name, values in found.items()}


def training_rate(kind: str, device: torch.device, batch: int, steps: int) -> float:
    """Return the images a second that a training takes from memory on the device."""
    network = build(kind).to(device, memory_format=memory_format(device)).train()
    optimiser = torch.optim.Adam(network.parameters())
    normal = Normalisation(128.0, 50.0)
    image = np.random.default_rng(0).integers(0, 256, (256, 256), np.uint8)
    images, masks = (part.to(device) for part in collate([(image, image // 200)] * batch))
    for step in range(steps + 1):
        if step == 1:  # the first one warms up
            _wait(device)
            start = time.perf_counter()
        with autocast(device, "auto"):
            logits = network(normal(images).to(memory_format=memory_format(device)))
        LOSSES["dice"](logits, masks).mean().backward()
        optimiser.step()
        optimiser.zero_grad()
    _wait(device)
    return steps * batch / (time.perf_counter() - start)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--presets", default="paper,physics")
    parser.add_argument("--networks", default="light,light_plain,ambrosini")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--batch", type=int, default=30)
    parser.add_argument("--steps", type=int, default=0, help="of training; 100 on a GPU, else 2")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    presets, device = options.presets.split(","), pick_device(options.device)
    with tempfile.TemporaryDirectory(dir=".") as folder:
        generate(Recipe.preset("paper"), Path(folder) / "set", options.n)
        found = rates(open_dataset(Path(folder) / "set"), presets, options.rounds)
    print("pairs of 256 x 256 per second of one core")
    for name, value in found.items():
        print(f"  {name:28}{value:10.0f} /s")
    print(f"\ntraining, {describe(options.device)}, batches of {options.batch}")
    steps = options.steps or (2 if device.type == "cpu" else 100)
    for kind in options.networks.split(","):
        taken = training_rate(kind, device, options.batch, steps)
        cores = ", ".join(
            f"{taken / found[f'rendered, {name}']:.1f} cores render {name}" for name in presets
        )
        print(f"  {kind:28}{taken:10.1f} /s: {cores}")


if __name__ == "__main__":
    main()
