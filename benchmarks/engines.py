"""What a network takes in each engine of ``predict``, and how far its maps are from PyTorch's.

    python benchmarks/engines.py [--size 256,512] [--batch 1,8] [--rounds 9]

The model in the box over pictures of the preset ``paper``, grey values to maps. The engines take
turns; printed are the best wall time and the CPU of that round, a frame. The number of threads is
that of OMP_NUM_THREADS.
"""

from __future__ import annotations

import argparse
import time

import cv2
import numpy as np

from fluorosynth.learn.checkpoint import load_model
from fluorosynth.learn.prediction.engines import ENGINES
from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.prediction.torch_engine import Mode
from fluorosynth.learn.prediction.windows import made_clips

REST = 0.2  # s between engines: threads of the one before may wait in a loop


def numbers(text: str) -> list[int]:
    """Split a text such as 256,512."""
    return [int(part) for part in text.split(",")]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=numbers, default=[256, 512])
    parser.add_argument("--batch", type=numbers, default=[1, 8])
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    model = load_model("default")
    clips = [clip[-1] for clip in made_clips(8, 1)]
    trained = Inference(model, "cpu", Mode(False, False))
    ways = {"PyTorch, float32": Inference(model, "cpu", Mode(), 8)}
    for name in ENGINES:
        engine = Inference(model, "cpu", batch=8, engine=name)
        ways[f"{'PyTorch, ' * (name == 'torch')}{engine.engine}"] = engine
    print(f"{'':36}{'px':>5}{'batch':>6}{'ms':>8}{'CPU ms':>8}{'largest difference':>20}")
    for size in options.size:
        frames = np.stack([cv2.resize(clip, (size, size)) for clip in clips])
        truth = trained.predict_maps(frames)
        for batch in options.batch:
            best = dict.fromkeys(ways, (np.inf, 0.0))
            for _ in range(options.rounds):
                for name, engine in ways.items():
                    time.sleep(REST)
                    engine.predict_maps(frames[:batch])
                    start, cpu = time.perf_counter(), time.process_time()
                    engine.predict_maps(frames[:batch])
                    took = time.perf_counter() - start, time.process_time() - cpu
                    best[name] = min(best[name], took)
            for name, (wall, cpu) in best.items():
                off = np.abs(ways[name].predict_maps(frames) - truth).max()
                each = f"{1e3 * wall / batch:8.1f}{1e3 * cpu / batch:8.1f}"
                print(f"{name:36}{size:5}{batch:6}{each}{off:20.1g}", flush=True)


if __name__ == "__main__":
    main()
