"""What files cost: generate against the same samples in memory and the same bytes written raw.

    python benchmarks/files.py [--n 9000] [--rounds 3]

Each round runs all parts in turn, each with an idle disk before it: deleting a gigabyte keeps one
busy. Printed are the medians with the least and the most, and ratios.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
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

REST = 2.0  # s, until the disk is idle


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


def command(folder: Path, n: int) -> None:
    """Run the command line with two workers, its start included."""
    words = ["generate", "--n", str(n), "--workers", "2", "--out", str(folder)]
    subprocess.run([sys.executable, "-m", "fluorosynth", *words], check=True, capture_output=True)


def raw(folder: Path, n: int, size: int) -> None:
    """Write as many bytes as the pictures take, in batches, and sync."""
    batch = np.random.default_rng(0).integers(0, 255, (64, size, size), np.uint8)
    folder.mkdir()
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
        one, two, whole, bytes_ = (Path(scratch) / name for name in ("one", "two", "whole", "raw"))
        parts: dict[str, tuple[Callable[[], object], Path]] = {
            "samples in memory": (lambda: in_memory(recipe, n), two),
            "bytes written raw": (lambda: raw(bytes_, n, recipe.size), bytes_),
            "generate, 2 workers": (lambda: generate(recipe, two, n, workers=2), two),
            "command, 2 workers": (lambda: command(whole, n), whole),
            "generate, 1 worker": (lambda: generate(recipe, one, n), two),
            "random reads": (lambda: reads(one, n), one),
        }
        for _ in range(options.rounds):
            for name, (work, done) in parts.items():
                os.sync()
                time.sleep(REST)
                seconds.setdefault(name, []).append(timed(work))
                shutil.rmtree(done, ignore_errors=True)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    for name, value in median.items():
        least, most = min(seconds[name]), max(seconds[name])
        rate = f"{n / value:9.0f} images/s"
        print(f"{name:22} {value:7.2f} s ({least:.2f} to {most:.2f}) {rate}")
    written = median["bytes written raw"]
    allowed = 1.3 * median["samples in memory"] + written
    print(f"1 worker / (1.3 in memory + raw)  {median['generate, 1 worker'] / allowed:.2f}")
    for name in ("generate, 2 workers", "command, 2 workers"):
        print(f"{name} / raw {median[name] / written:17.2f}")
    gain = median["generate, 1 worker"] / median["generate, 2 workers"]
    print(f"1 worker / 2 workers              {gain:.2f}")
    sampler = replace(recipe, backgrounds=(Bundled(),)).open(0)
    print(f"first sample: {timed(lambda: sampler.sample(0)):.2f} s")  # loads compiled code
    for count in (100, 1000, 10_000, 100_000):
        each = timed(lambda: deque(map(sampler.sample, range(count)), 0)) / count  # noqa: B023
        print(f"n = {count:6}: {each * 1e6:.0f} us each")


if __name__ == "__main__":
    main()
