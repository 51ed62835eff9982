"""What labels from the tracker are worth: the model in the box, tuned on 5 tracked frames of a run.

    python benchmarks/tracked_labels.py DIR ANNOTATED --out OUT --seeds 0 1 2

DIR holds run.dcm and centrelines.json, of which only the first traced frame is used; ANNOTATED is a
folder of hand-traced frames, NAME.png and NAME_mask.png, those of the run among them. Three models
are measured there: the one in the box; that tuned on five tracked frames, evenly spread, none of
them traced; that tuned on generated pictures whose instruments are those of the five frames. Both
are tuned once a seed, of the pictures and of the tuning.
Differences are of the same frames, with 95 % intervals from bootstrapping them; frames in which a
tuned model finds nothing that is right are named.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from fluorosynth.labels import (
    FrameLabels,
    FrameSequence,
    Instrument,
    Labels,
    read_labels,
    write_labels,
)

FIVE, PICTURES, EPOCHS = 5, 120, 4


def fluorosynth(*words):
    line = [sys.executable, "-m", "fluorosynth_cli.main", *map(str, words)]
    subprocess.run(line, check=True)


def tracked(folder, out):
    """Track the first traced frame's curves; return the run's labels and the traced frames."""
    run = next(p for p in sorted(folder.iterdir()) if p.suffix == ".dcm")
    plain = json.loads((folder / "centrelines.json").read_text())
    traced = {int(name[-2:]): lines for name, lines in plain.items() if "frame" in name}
    first = min(traced)
    lines = tuple(
        Instrument(
            np.float32(one["centreline_xy"]),
            np.full(len(one["centreline_xy"]), one["fwhm_px"], np.float32),
            name,
        )
        for name, one in traced[first].items()
    )
    (out / run.name).write_bytes(run.read_bytes())
    source = FrameSequence(out / run.name).source
    write_labels(out / "drawn.json", Labels(source, (FrameLabels(first, lines),)))
    words = ("--start", out / "drawn.json", "--out", out / "tracked.json", "--quiet")
    fluorosynth("track", out / run.name, *words)
    return read_labels(out / "tracked.json"), set(traced)


def tune_on_both(out, seed):
    """Return the run folders of the model tuned on the five frames, and on pictures of theirs."""
    five, pictures, generated = (out / f"{name}-{seed}" for name in ("five", "set", "generated"))
    tune = ("--from", "default", "--seed", seed, "--quiet")
    fluorosynth("finetune", out / "five.json", "--out", five, *tune)
    made = ("--n", PICTURES, "--recipe", "physics", "--devices", out / "five.json", "--seed", seed)
    fluorosynth("generate", *made, "--out", pictures, "--quiet")
    fluorosynth("finetune", pictures, "--out", generated, "--epochs", EPOCHS, *tune)
    return five, generated


def measured(data, model, out):
    """Return the rows of each frame, by name, at the model's own threshold."""
    fluorosynth("evaluate", data, "--model", model, "--out", out, "--quiet")
    results = json.loads((out / "summary.json").read_text())["results"]
    own = next(str(r["threshold"]) for r in results if r["what"] == "best of validation")
    with (out / "metrics.csv").open() as file:
        return {row["name"]: row for row in csv.DictReader(file) if row["threshold"] == own}


def compared(before, after, names):
    """Return the means of both, and the interval of their difference."""
    rng, said = np.random.default_rng(0), {}
    for what in ("dice", "cldice"):
        one, two = (np.array([float(rows[n][what]) for n in names]) for rows in (before, after))
        draws = [(two - one)[rng.integers(0, len(one), len(one))].mean() for _ in range(2000)]
        low, high = np.quantile(draws, [0.025, 0.975])
        said[what] = [round(float(v), 3) for v in (one.mean(), two.mean(), low, high)]
    return said


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("annotated", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    options = parser.parse_args()
    out = options.out
    out.mkdir()
    labels, traced = tracked(options.folder, out)
    usable = [f for f in labels.frames if f.complete and f.index not in traced]
    five = [usable[k] for k in np.linspace(0, len(usable) - 1, FIVE).astype(int)]
    write_labels(out / "five.json", Labels(labels.source, tuple(five)))
    print("tuned on frames", [frame.index for frame in five], flush=True)
    before = measured(options.annotated, "default", out / "report-default")
    of_run = {f"frame{t:02}" for t in traced}
    first = f"frame{min(traced):02}"  # the tracker began there
    own = [n for n in before if n[-7:] in of_run and not n.endswith(first)]
    others = [n for n in before if n[-7:] not in of_run]
    for seed in options.seeds:
        for model in tune_on_both(out, seed):
            after = measured(options.annotated, model, model / "report")
            for what, names in (("other frames of the run", own), ("other runs", others)):
                nothing = [name for name in names if not float(after[name]["dice"])]
                print(model.name, what, len(names), compared(before, after, names), nothing)


if __name__ == "__main__":
    main()
