"""What each part of a recipe adds on real frames: the same training without it, side by side.

    python examples/studies/ablate_recipe.py FRAMES OUT [--recipe physics] [--n 4000] [--only ...]

FRAMES holds ``name.png`` and ``name_mask.png``. Every variant trains ``light_deep`` from nothing on
``--n`` crops and is measured as by ``transfer.py``. Printed are the measures of the whole recipe,
and for each variant the difference to it with a 95 % interval from drawing patients again, the
same ones for both: an interval over 0 says that this many frames cannot tell. Interrupted, the
same command goes on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from transfer import split

from fluorosynth import Recipe
from fluorosynth.devices.spline import Spline
from fluorosynth.devices.walk import Walk
from fluorosynth.learn.checkpoint import load_model
from fluorosynth.learn.data import open_dataset
from fluorosynth.learn.data.recipe import RecipeDataset
from fluorosynth.learn.evaluation.evaluate import Evaluation, evaluate, plain_predictor, prepare
from fluorosynth.learn.training.config import TrainConfig
from fluorosynth.learn.training.train import train
from fluorosynth.metrics.intervals import bootstrap_interval
from fluorosynth.stages.base import Stage
from fluorosynth.stages.compose import Compose

SIZE, HALF = 256, 0.5
SHOWN = {"Dice": "dice", "clDice": "cldice", "FP, %": "fp_percent_of_image"}
HELD_OUT = 100  # samples for validation
BUDGET: dict[str, Any] = {
    "network": "light_deep", "epochs": 4, "batch_size": 16, "crop": 192, "lr": 0.0015,
    "schedule": "cosine", "warmup": 50, "start_bias": 3.0, "ema": 0.99, "per_image": True,
    "loss": "dice_plain_ce",
}  # fmt: skip


def without(*kinds: str) -> Callable[[Recipe], Recipe]:
    """Return what takes all stages of these kinds out of a recipe, by chance or not."""

    def kept(stage: Stage) -> bool:
        inner = stage.stages if isinstance(stage, Compose) else (stage,)
        return not any(part.kind in kinds for part in inner)

    return lambda recipe: replace(recipe, stages=tuple(filter(kept, recipe.stages)))


def without_pack(pack: str) -> Callable[[Recipe], Recipe]:
    """Return what takes a pack out of a recipe; the other backgrounds keep their odds."""

    def change(recipe: Recipe) -> Recipe:
        kept = [
            (source, odds)
            for source, odds in zip(recipe.backgrounds, recipe.background_odds, strict=True)
            if getattr(source, "pack", None) != pack
        ]
        sources, odds = zip(*kept, strict=True)
        return replace(recipe, backgrounds=sources, background_odds=odds)

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


def none_winds(recipe: Recipe) -> Recipe:
    """Return the recipe with gently bowed instruments alone."""
    kept = tuple(source for source in recipe.devices if not isinstance(source, Walk))
    return replace(recipe, devices=kept, device_odds=())


VARIANTS: dict[str, Callable[[Recipe], Recipe]] = {
    "whole recipe": lambda recipe: recipe,
    "no contrast frames": without_pack("contrast"),
    "no CT radiographs": without_pack("chest_drr"),
    "no engage": without("engage"),
    "none passes through": none_passes_through,
    "none winds": none_winds,
    "no drawn vessels": without("vessels"),
    "no bones or clutter": without("bones", "clutter", "overlay"),
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
    parser.add_argument("--apart", default="rf_*,*frame05*")
    parser.add_argument("--runs", default="xa_*")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    whole = Recipe.preset(options.recipe)
    names = options.only.split(",") if options.only else list(VARIANTS)
    config = TrainConfig(**BUDGET | {"crop": options.crop})
    base: dict[str, Evaluation] = {}
    for name in dict.fromkeys(["whole recipe", *names]):
        pairs = RecipeDataset(VARIANTS[name](whole), 0, max(options.n // config.epochs, 1))
        out = options.out / name.replace(" ", "_")
        best = train(pairs, config, out, validation=pairs.held_out(HELD_OUT), quiet=True)
        found = split(measured(options.frames, best.path), options.apart, options.runs)
        for group in found:
            show(name, group, found[group], base.get(group))
        base = base or found


def measured(frames: str, path: Path) -> Evaluation:
    """Return each frame's measures above .5."""
    model = load_model(str(path), torch.device("cpu"))
    pairs = prepare(open_dataset(frames), model, SIZE)
    return evaluate(pairs, plain_predictor(model), {HALF: "half"})


def show(name: str, group: str, found: Evaluation, base: Evaluation | None) -> None:
    """Print a row: the measures, or where there is a base the differences to it."""
    cells = []
    for measure in SHOWN.values():
        if base is None:
            cells.append(f"{found.over_images(HALF)[measure]:.2f}")
            continue
        change: dict[str, list[float]] = {}
        for row, before in zip(found.at(HALF), base.at(HALF), strict=True):
            difference = row.values[measure] - before.values[measure]
            change.setdefault(row.sequence, []).append(difference)
        mean, low, high = bootstrap_interval(change, np.random.default_rng(0))
        cells.append(f"{mean:+.2f} ({low:+.2f} to {high:+.2f})")
    print(f"| {name} | {group} | {len(found.at(HALF))} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main()
    else:
        print(__doc__)
