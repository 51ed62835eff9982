"""What ``predict`` costs a frame, by part: CPU of the thread that does it, on any file of frames.

    python benchmarks/predicting.py FILE [--frames 1000] [--rounds 3] [--engine torch]

The frames of FILE are repeated to as many as are asked for. The rounds follow one another; printed
is the one that took the least CPU. The number of PyTorch's threads is that of OMP_NUM_THREADS.
Memory is that of the process when all frames are done and before the film is drawn, without the
pages of files that the system maps (Linux).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fluorosynth.io.film import Film
from fluorosynth.io.frames import read_frames
from fluorosynth.learn.prediction import outputs
from fluorosynth.learn.prediction import predict as module
from fluorosynth.learn.prediction.engines import ENGINES
from fluorosynth.learn.prediction.inference import Inference

PARTS = {
    "network": (Inference, "predict_maps"),
    "maps to masks, network included": (module, "segment"),
    "curves": (outputs, "traced"),
    "PNG": (outputs, "png_bytes"),
    "numbers of instruments": (outputs, "centrelines"),
    "film: outlines": (outputs, "_outlined"),
    "film: encoding": (Film, "add"),
}

Spent = defaultdict[str, float]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engine", default="torch", choices=ENGINES)
    options = parser.parse_args()
    spent: Spent = defaultdict(float)
    for part, (owner, name) in PARTS.items():
        setattr(owner, name, timed(getattr(owner, name), part, spent))
    held, number_all = list[int](), outputs.centrelines

    def centrelines(*arguments: Any) -> Any:
        held.append(memory())
        return number_all(*arguments)

    outputs.centrelines = centrelines
    frames = np.stack([frame.image for frame in read_frames(options.file)])
    with tempfile.TemporaryDirectory() as folder:
        run, out = Path(folder, "run.npy"), Path(folder, "out")
        np.save(run, np.resize(frames[:2], (2, *frames.shape[1:])))
        inference = Inference.load("default", "cpu", options.engine)
        module.predict(run, inference, out / "first")  # imports
        np.save(run, np.resize(frames, (options.frames, *frames.shape[1:])))
        del frames
        rounds = []
        for number in range(options.rounds):
            spent.clear()
            start, cpu = time.perf_counter(), time.process_time()
            module.predict(run, inference, out / str(number))
            took = time.process_time() - cpu, time.perf_counter() - start
            rounds.append((*took, dict(spent)))
    cpu, seconds, parts = min(rounds, key=lambda one: one[0])
    rate = options.frames / seconds
    print(f"{inference.engine}: {options.frames} frames, {rate:.1f} frames/s, {max(held)} MiB")
    for part, value in {"all threads": cpu, **parts}.items():
        print(f"{part:32} {1e3 * value / options.frames:6.2f} ms a frame")


def memory() -> int:
    """Return the MiB that the process holds and no file backs."""
    status = Path("/proc/self/status").read_text("ascii").split()
    return int(status[status.index("RssAnon:") + 1]) // 1024


def timed(function: Callable[..., Any], part: str, spent: Spent) -> Callable[..., Any]:
    """Return a function that adds up its thread's CPU; what is yielded counts while it is made."""

    def called(*arguments: Any, **named: Any) -> Any:
        start = time.thread_time()
        value = function(*arguments, **named)
        spent[part] += time.thread_time() - start
        return each(value) if isinstance(value, Iterator) else value

    def each(values: Iterator[Any]) -> Iterator[Any]:
        while True:
            start = time.thread_time()
            try:
                value = next(values)
            except StopIteration:
                return
            finally:
                spent[part] += time.thread_time() - start
            yield value

    return called


if __name__ == "__main__":
    main()
