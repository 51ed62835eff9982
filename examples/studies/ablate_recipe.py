"""What each part of a recipe adds on real frames: the same training without it, side by side.

    python examples/studies/ablate_recipe.py FRAMES OUT [--recipe physics] [--n 4000] [--only ...]
        [--seeds 0,1] [--clear FOLDER] [--set NAME=SET]

FRAMES holds ``name.png`` and ``name_mask.png``. Every variant trains ``light_deep`` from nothing
on ``--n`` crops, once a seed, and is measured as by ``transfer.py``; CLEAR holds frames without an
instrument, of which it says how much is marked. ``--set`` is a variant that lies on the disk, such
as pictures of an earlier version. Printed are the measures of the whole recipe, and for each
variant the difference to it at the same seed, with a 95 % interval from drawing patients again: an
interval over 0 says that this many frames cannot tell. Interrupted, the same command goes on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from silence import frames_of
from transfer import split

from fluorosynth import Recipe
from fluorosynth.devices.none import NoInstrument
from fluorosynth.devices.route import Route
from fluorosynth.devices.spline import Spline
from fluorosynth.devices.walk import Walk
from fluorosynth.learn.checkpoint import Model, load_model
from fluorosynth.learn.data import open_dataset
from fluorosynth.learn.data.recipe import RecipeDataset
from fluorosynth.learn.evaluation.evaluate import evaluate, prepare
from fluorosynth.learn.evaluation.predictors import plain_predictor
from fluorosynth.learn.evaluation.results import Row
from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.training.config import TrainConfig
from fluorosynth.learn.training.train import train
from fluorosynth.metrics.intervals import bootstrap_interval
from fluorosynth.stages.base import Stage
from fluorosynth.stages.compose import Compose

SIZE, HALF = 256, 0.5
SHOWN = ("dice", "cldice", "fp_percent_of_image")
Table = dict[str, dict[tuple[int, str], Mapping[str, float]]]  # patient; seed and frame; measures
HELD_OUT = 100  # samples for validation
BUDGET: dict[str, Any] = {
    "network": "light_deep", "epochs": 4, "batch_size": 16, "crop": 192, "lr": 0.0015,
    "schedule": "cosine", "warmup": 50, "start_bias": 3.0, "ema": 0.99, "per_image": True,
    "loss": "dice_ce_empty",
}  # fmt: skip


def without(*kinds: str) -> Callable[[Recipe], Recipe]:
    """Return what takes all stages of these kinds out of a recipe, by chance or not."""

    def kept(stage: Stage) -> bool:
        inner = stage.stages if isinstance(stage, Compose) else (stage,)
        return not any(part.kind in kinds for part in inner)

    return lambda recipe: replace(recipe, stages=tuple(filter(kept, recipe.stages)))


def without_packs(*packs: str) -> Callable[[Recipe], Recipe]:
    """Return what takes packs out of a recipe; the other backgrounds keep their odds."""

    def change(recipe: Recipe) -> Recipe:
        kept = [
            (source, odds)
            for source, odds in zip(recipe.backgrounds, recipe.background_odds, strict=True)
            if getattr(source, "pack", None) not in packs
        ]
        sources, odds = zip(*kept, strict=True)
        return replace(recipe, backgrounds=sources, background_odds=odds)

    return change


def without_devices(kind: type) -> Callable[[Recipe], Recipe]:
    """Return what takes a kind of devices out of a recipe; the others keep their odds."""

    def change(recipe: Recipe) -> Recipe:
        kept = [
            (source, odds)
            for source, odds in zip(recipe.devices, recipe.device_odds, strict=True)
            if not isinstance(source, kind)
        ]
        sources, odds = zip(*kept, strict=True)
        return replace(recipe, devices=sources, device_odds=odds)

    return change


def render(**changes: Any) -> Callable[[Recipe], Recipe]:
    """Return what changes the labels' width."""
    return lambda recipe: replace(
        recipe,
        stages=tuple(
            replace(stage, **changes) if stage.kind == "render" else stage
            for stage in recipe.stages
        ),
    )


def none_passes_through(recipe: Recipe) -> Recipe:
    """Return the recipe without gently bowed instruments that show no tip."""
    changed = (replace(d, through=0.0) if isinstance(d, Spline) else d for d in recipe.devices)
    return replace(recipe, devices=tuple(changed))


VARIANTS: dict[str, Callable[[Recipe], Recipe]] = {
    "whole recipe": lambda recipe: recipe,
    "no empty pictures": without_devices(NoInstrument),
    "no contrast frames": without_packs("contrast"),
    "no CT radiographs": without_packs("chest_drr", "ct_drr"),
    "no chest radiographs": without_packs("radiographs"),
    "no engage": without("engage"),
    "none passes through": none_passes_through,
    "none winds": without_devices(Walk),
    "no courses elsewhere": without_devices(Route),
    "no drawn vessels": without("vessels"),
    "no bones or clutter": without("bones", "clutter", "overlay"),
    "nothing beside the patient": without("bedside"),
    "no compression": without("compress"),
    "no scatter or noise": without("scatter", "blur", "noise"),
    "no edge enhancement": without("sharpen"),
    "no field": without("field"),
    "no hooks or wires inside": without("foreshorten", "coaxial"),
    "labels before blur": render(blur=0.0),
    "invisible labels kept": without("visible"),
}


def main() -> None:
    """Train, measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("frames")
    parser.add_argument("out", type=Path)
    parser.add_argument("--recipe", default="physics")
    parser.add_argument("--n", type=int, default=4000)
    parser.add_argument("--crop", type=int, default=192)
    parser.add_argument("--only")
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--clear")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--apart", default="rf_*,*frame05*")
    parser.add_argument("--runs", default="xa_*")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    whole = Recipe.preset(options.recipe)
    sets = dict(item.split("=", 1) for item in options.set)
    names = options.only.split(",") if options.only else list(VARIANTS)
    base: dict[str, Table] = {}
    clear = []  # rows of a table of its own
    for name in dict.fromkeys(["whole recipe", *names, *sets]):
        found: dict[str, Table] = {}
        for seed in map(int, options.seeds.split(",")):
            config = TrainConfig(**BUDGET | {"crop": options.crop, "seed": seed})
            fresh = RecipeDataset(whole, seed, max(options.n // config.epochs, 1))
            if name in sets:  # each of its pictures once, as each of a recipe's
                pairs, config = open_dataset(sets[name]), replace(config, epochs=1)
            else:
                pairs = RecipeDataset(VARIANTS[name](whole), seed, fresh.n)
            out = options.out / f"{name.replace(' ', '_')}_{seed}"
            best = train(pairs, config, out, validation=fresh.held_out(HELD_OUT), quiet=True)
            model = load_model(str(best.path), torch.device("cpu"))
            for group, row in measured(options, model):
                of_patient = found.setdefault(group, {}).setdefault(row.sequence, {})
                of_patient[seed, row.name] = row.values
        for group, table in found.items():
            shown = row_of(f"| {name} | {group} |", table, base.get(group))
            if group == "clear":
                clear.append(shown)
            else:
                print(shown, flush=True)
        base = base or found
    print("\n".join(clear))


def measured(options: argparse.Namespace, model: Model) -> Iterator[tuple[str, Row]]:
    """Yield each group's frames with their measures above .5."""
    pairs = prepare(open_dataset(options.frames), model, SIZE)
    scores = evaluate(pairs, plain_predictor(model), {HALF: "half"})
    for group, part in split(scores, options.apart, options.runs).items():
        for row in part.at(HALF):
            yield group, replace(row, values={name: row.values[name] for name in SHOWN})
    if options.clear:
        inference = Inference(model, "cpu")
        for index, frame in enumerate(frames_of(options.clear)):
            marked = float((inference.predict_maps(frame[None, None])[0] > HALF).mean())
            values = {"marked": 100 * marked, "empty": float(marked == 0)}
            yield "clear", Row(index, str(index), "", HALF, values)


def row_of(head: str, found: Table, base: Table | None) -> str:
    """Return a row: the measures, or where there is a base the differences to it."""
    count = len({(patient, frame) for patient, rows in found.items() for _, frame in rows})
    cells = [head, f"{count} |"]
    for measure in next(iter(next(iter(found.values())).values())):
        change = {
            patient: [
                values[measure] - (base[patient][key][measure] if base else 0)
                for key, values in rows.items()
            ]
            for patient, rows in found.items()
        }
        mean, low, high = bootstrap_interval(change, np.random.default_rng(0))
        sign = "+" if base else ""
        cells.append(f"{mean:{sign}.2f} ({low:{sign}.2f} to {high:{sign}.2f}) |")
    return " ".join(cells)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main()
    else:
        print(__doc__)
