"""Samples per second of the paper's recipe beside other libraries, side by side in one run.

    python benchmarks/sampling.py [--rounds 9] [--core 1] [--only with_scipy with_torch ...]

Each ``with_*.py`` of ``peers/`` is a pinned process; they are visited in a fresh order each round,
so that a busy machine slows all alike. Printed: median images per CPU second, and the median over
rounds of the ratio to the fastest hand-written peer. Those whose library is missing are named.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).with_name("peers")
OURS, RIVAL = "with_fluorosynth", "with_opencv_curves"
MANY = 512  # samples a round
SLOW = {"skimage": 32, "torchio": 32, "monai": 32, "scipy": 64, "keras": 64, "torch": 128}
CHILD = """
import warnings; warnings.filterwarnings("ignore")
import importlib, json, sys, time
peer = importlib.import_module(sys.argv[1]); peer.make(64, 0)
print("READY", flush=True)
for line in sys.stdin:
    n, seed = map(int, line.split())
    start = time.process_time(); peer.make(n, seed)
    print("RATE", n / (time.process_time() - start), flush=True)
"""


def ask(worker: subprocess.Popen[str], message: str = "") -> str:
    """Send a line and return the answer; empty when the worker is gone."""
    try:
        worker.stdin.write(message)
        worker.stdin.flush()
    except BrokenPipeError:
        return ""
    for line in worker.stdout:
        if line.startswith(("READY", "RATE")):
            return line
    return ""


def start(name: str, core: int) -> subprocess.Popen[str]:
    """Start a pinned worker."""
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    places = [str(PEERS), str(PEERS.parents[1]), os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(
        ["taskset", "-c", str(core), sys.executable, "-c", CHILD, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **one, "PYTHONPATH": os.pathsep.join(filter(None, places))},
    )


def main() -> None:
    """Measure and print the table."""
    names = sorted(path.stem for path in PEERS.glob("with_*.py"))
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--core", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=names, choices=names)
    options = parser.parse_args()
    workers: dict[str, subprocess.Popen[str]] = {}
    for name in sorted({*options.only, OURS, RIVAL}):
        worker = start(name, options.core)
        if ask(worker):
            workers[name] = worker
        else:
            print(f"{name}: not installed here, skipped")
    rates: dict[str, list[float]] = {name: [] for name in workers}
    for turn in range(options.rounds):
        for name in random.Random(turn).sample(list(workers), len(workers)):
            count = SLOW.get(name.removeprefix("with_"), MANY)
            rates[name].append(float(ask(workers[name], f"{count} {turn + 1}\n").split()[1]))
    for worker in workers.values():
        worker.stdin.close()
        worker.wait()
    print(f"{'':20} images/CPU-s   times {RIVAL}")
    for name in sorted(rates, key=lambda name: -statistics.median(rates[name])):
        ratio = [a / b for a, b in zip(rates[name], rates[RIVAL], strict=True)]
        print(f"{name:20} {statistics.median(rates[name]):12.0f} {statistics.median(ratio):12.2f}")
    print(json.dumps({"rounds": options.rounds, "core": options.core}))


if __name__ == "__main__":
    main()
