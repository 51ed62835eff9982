"""What a few labelled real frames add to a model: fine-tuned on k, measured on other patients.

    python examples/studies/few_frames.py FRAMES OUT [--from default] [--frames 1,3] [--layers 7]

The patients are dealt into folds; for each fold, k frames of other patients are drawn and the
model is fine-tuned on them. Frames are patients, but those of ``--runs`` are one each. Printed is
the mean over all frames, each measured by a model that never saw its patient.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
import torch
from transfer import patient

from fluorosynth.learn.checkpoint import Model, load_model
from fluorosynth.learn.data import LabelledDataset, Subset, open_dataset
from fluorosynth.learn.evaluation.evaluate import evaluate, prepare
from fluorosynth.learn.evaluation.predictors import plain_predictor
from fluorosynth.learn.evaluation.results import mean
from fluorosynth.learn.training.finetune import finetune, finetune_config

SIZE, HALF = 256, 0.5
SHOWN = ("dice", "cldice", "centreline_f1_2px", "fp_percent_of_image")


def measured(pairs: LabelledDataset, model: Model) -> list[dict[str, float]]:
    """Return the measures of every frame above .5."""
    return [
        dict(row.values) for row in evaluate(pairs, plain_predictor(model), {HALF: "half"}).rows
    ]


def folds(pairs: LabelledDataset, count: int, runs: str) -> list[list[int]]:
    """Deal the patients into folds; return each fold's frames."""
    patients: dict[str, list[int]] = {}
    for index in range(len(pairs)):
        whose = patient(pairs.sequence(index), pairs.name(index), runs)
        patients.setdefault(whose, []).append(index)
    dealt = np.random.default_rng(0).permutation(list(patients))
    return [[i for name in dealt[k::count] for i in patients[name]] for k in range(count)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("out", type=Path)
    parser.add_argument("--from", dest="source", default="default")
    parser.add_argument("--frames", default="1,3,5")
    parser.add_argument("--layers", default="7,all")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--runs", default="xa_*")
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--batch-size", type=int, default=5)
    parser.add_argument("--augment", action="store_true")
    parser.add_argument("--mix", type=float, default=0.0)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    settings = {
        "epochs": options.epochs,
        "batch_size": options.batch_size,
        "augment": options.augment,
        "mix": options.mix,
    }
    model = load_model(options.source, torch.device("cpu"))
    pairs = prepare(open_dataset(options.data), model, SIZE)
    parts = folds(pairs, options.folds, options.runs)
    print("| layers | frames |", " | ".join(SHOWN), "|")
    print("|---|---|" + "---|" * len(SHOWN))
    show("-", 0, measured(pairs, model))
    for layers in options.layers.split(","):
        for count in map(int, options.frames.split(",")):
            found = []
            for number, part in enumerate(parts):
                others = sorted(set(range(len(pairs))) - set(part))
                drawn = np.random.default_rng(number).choice(others, count, replace=False)
                seen = Subset(pairs, drawn)
                config = finetune_config(model, layers, **settings)
                out = options.out / f"{layers}-{count}-{number}"
                best = finetune(seen, model, config, out, validation=seen, quiet=True)
                found += measured(Subset(pairs, part), load_model(best.path))
            show(layers, count, found)


def show(layers: str, count: int, found: list[dict[str, float]]) -> None:
    """Print a row of the table."""
    values = [f"{mean([row[name] for row in found]):.2f}" for name in SHOWN]
    print(f"| {layers} | {count} |", " | ".join(values), "|", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main()
    else:
        print(__doc__)
