"""Samples per second of the paper's recipe beside other libraries, side by side in one run.

    python benchmarks/sampling.py PEERS [--rounds 9] [--core 1] [--only p_cv2_line ...]

PEERS is a folder of ``p_*.py`` files with ``make(n, seed) -> (images, masks)`` and their shared
``common.py``. Each is a pinned process; they are visited in a fresh order each round, so that a
busy machine slows all alike. Printed: median images per CPU second, and the median over rounds
of the ratio to the fastest hand-written peer.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

OURS, RIVAL = "p_fluorosynth", "p_cv2_line"
SLOW = {"p_skimage": 32, "p_torchio": 32, "p_monai": 32, "p_scipy": 64, "p_keras": 64}
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


def start(name: str, folder: Path, core: int) -> subprocess.Popen[str]:
    """Start a pinned worker in the peers' folder."""
    root = Path(__file__).parents[1]
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    env = {**os.environ, **one, "PYTHONPATH": os.pathsep.join(map(str, (folder, root)))}
    return subprocess.Popen(
        ["taskset", "-c", str(core), sys.executable, "-c", CHILD, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**env, "KERAS_BACKEND": "torch", "NO_ALBUMENTATIONS_UPDATE": "1"},
        cwd=folder,
    )


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("peers", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--core", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "peers")
        folder.mkdir()
        for source in (*options.peers.glob("*.py"), *Path(__file__).parent.glob("p_*.py")):
            shutil.copyfile(source, folder / source.name)
        names = sorted(path.stem for path in folder.glob("p_*.py"))
        if options.only:
            names = [name for name in names if name in {*options.only, OURS}]
        workers: dict[str, subprocess.Popen[str]] = {}
        for name in names:  # one after the other: the first makes the inputs that all share
            worker = start(name, folder, options.core)
            if ask(worker):
                workers[name] = worker
            else:
                print(f"{name}: not installed here, skipped")
        rates: dict[str, list[float]] = {name: [] for name in workers}
        for turn in range(options.rounds):
            for name in random.Random(turn).sample(list(workers), len(workers)):
                answer = ask(workers[name], f"{SLOW.get(name, 512)} {turn + 1}\n")
                rates[name].append(float(answer.split()[1]))
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
