"""What files cost: generate against the same samples in memory and the same bytes written raw.

    python benchmarks/files.py [--n 9000] [--rounds 3]

Each round runs all parts in turn on the same data; printed are the medians and their ratios.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import tempfile
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import h5py
import numpy as np

from fluorosynth import Recipe
from fluorosynth.backgrounds.bundled import Bundled
from fluorosynth.dataset.generation import generate


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that ``work`` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_memory(recipe: Recipe, n: int) -> None:
    """Make all samples and drop them."""
    sampler = recipe.open(0)
    for index in range(n):
        sampler.sample(index)


def raw(folder: Path, n: int, size: int) -> None:
    """Write as many bytes as the pictures take, in batches, and sync."""
    batch = np.random.default_rng(0).integers(0, 255, (64, size, size), np.uint8)
    with (folder / "raw").open("wb") as file:
        for _ in range(-(-2 * n // len(batch))):
            file.write(batch.data)
        file.flush()
        os.fsync(file.fileno())


def reads(folder: Path, n: int) -> None:
    """Read n random image-mask pairs by memory map, as a loader would."""
    maps = []
    for path in sorted(folder.glob("shard-*.h5")):
        with h5py.File(path) as file:
            maps.append(
                [
                    np.memmap(path, np.uint8, "r", file[k].id.get_offset(), file[k].shape)
                    for k in ("images", "masks")
                ]
            )
    order = list(range(n))
    random.Random(0).shuffle(order)
    per = len(maps[0][0])
    total = 0
    for index in order:
        images, masks = maps[index // per]
        total += int(images[index % per].sum()) + int(masks[index % per].sum())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=9000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    recipe, n = Recipe.preset("paper"), options.n
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(dir=".") as scratch:
        folder = Path(scratch)
        for _ in range(options.rounds):
            parts = {
                "samples in memory": lambda: in_memory(recipe, n),
                "bytes written raw": lambda: raw(folder, n, recipe.size),
                "generate, 1 worker": lambda: generate(recipe, folder / "one", n),
                "generate, 2 workers": lambda: generate(recipe, folder / "two", n, workers=2),
                "random reads": lambda: reads(folder / "one", n),
            }
            for name, work in parts.items():
                seconds.setdefault(name, []).append(timed(work))
            for name in ("one", "two"):
                shutil.rmtree(folder / name)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    for name, value in median.items():
        print(f"{name:22} {value:7.2f} s {n / value:9.0f} images/s")
    allowed = 1.3 * median["samples in memory"] + median["bytes written raw"]
    print(f"1 worker / (1.3 in memory + raw)  {median['generate, 1 worker'] / allowed:.2f}")
    gain = median["generate, 1 worker"] / median["generate, 2 workers"]
    print(f"1 worker / 2 workers              {gain:.2f}")
    sampler = replace(recipe, backgrounds=(Bundled(),)).open(0)
    print(f"first sample: {timed(lambda: sampler.sample(0)):.2f} s")  # loads compiled code
    for count in (100, 1000, 10_000, 100_000):
        each = timed(lambda: deque(map(sampler.sample, range(count)), 0)) / count  # noqa: B023
        print(f"n = {count:6}: {each * 1e6:.0f} us each")


if __name__ == "__main__":
    main()
