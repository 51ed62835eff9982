"""How long ``generate`` takes to its first sample, from the start of the process.

    python benchmarks/start.py [--recipe paper] [--rounds 5]

The first round compiles modules and loops and renders what the cache lacks, and is not counted: an
installed package has its modules compiled. Printed are the best and the median, with the CPU and
the largest memory of the process.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile

INSIDE = """
import os, resource, sys, time
import fluorosynth_cli.generate as command
from fluorosynth_cli.main import main
def begin(*arguments, began=command._generate):
    import fluorosynth.sampler as sampler  # not before: its imports are a part of the start
    def sequence(self, index, made=sampler.OpenRecipe.sequence):
        found = made(self, index)
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(time.time() - float(os.environ["BEGUN"]), used.ru_utime + used.ru_stime,
              used.ru_maxrss / 1024, flush=True)
        os._exit(0)
    sampler.OpenRecipe.sequence = sequence
    return began(*arguments)
command._generate = begin
main()
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--recipe", default="paper")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    found = []
    for _ in range(options.rounds + 1):
        with tempfile.TemporaryDirectory() as folder:
            line = ["generate", "--n", "1", "--workers", "1", "--recipe", options.recipe]
            found.append(first_sample([*line, "--out", f"{folder}/set", "--quiet"]))
    seconds, cpu, memory = zip(*found[1:], strict=True)
    print(f"first sample: best {min(seconds):.2f} s, median {statistics.median(seconds):.2f} s")
    print(f"CPU {min(cpu):.2f} s, memory {max(memory):.0f} MB")


def first_sample(line: list[str]) -> list[float]:
    """Return the seconds, the CPU and the MB until the first sample is made."""
    import time

    environment = {**os.environ, "BEGUN": str(time.time())}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-c", INSIDE, *line],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return [float(word) for word in done.stdout.split()]


if __name__ == "__main__":
    main()
