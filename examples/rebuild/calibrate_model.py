"""Choose what `predict` does with a model's maps, on synthetic pictures alone.

    python examples/rebuild/calibrate_model.py MODEL OUT [--recipe physics] [--n 600]

Half of the pictures show an instrument, half do not. Chosen are the threshold with the best Dice of
pictures with an instrument; the curve of `prediction.presence`; as the minimal length the largest
that costs less than .005 of that Dice. The gate is .5: a frame is left empty that rather shows
nothing; printed is what that costs. OUT is the model with these defaults, float16.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch

from fluorosynth.devices.none import NoInstrument
from fluorosynth.learn.checkpoint import MaskDefaults, load_model, save_model
from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.prediction.presence import evidence, fit_presence
from fluorosynth.learn.prediction.segment import mask_above
from fluorosynth.metrics import count
from fluorosynth.recipe import Recipe

THRESHOLDS = tuple(round(0.05 * i, 2) for i in range(4, 15))
LENGTHS = (10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0)
SEED, DEAR, GATE = 2**40, 0.005, 0.5


def main() -> None:
    """Choose, print and write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("out", type=Path)
    parser.add_argument("--recipe", default="physics")
    parser.add_argument("--n", type=int, default=600)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    model = load_model(options.model, torch.device("cpu"))
    inference = Inference(model, "cpu")
    recipe = Recipe.preset(options.recipe)
    shown = [s for s in recipe.devices if not isinstance(s, NoInstrument)]
    odds = recipe.device_odds[: len(shown)]
    maps, masks = [], []
    for devices, shares in ((tuple(shown), odds), ((NoInstrument(),), ())):
        half = replace(recipe, devices=devices, device_odds=shares)
        for index in range(options.n // 2):
            sample = half.sample(SEED, index)
            found = inference.predict_maps(sample.image[None])[0]
            maps.append(np.where(sample.mask == 255, 0, found))
            masks.append(sample.mask)
    present = np.array([(mask == 1).any() for mask in masks])
    with_one = [(m, t) for m, t, there in zip(maps, masks, present, strict=True) if there]

    def dice(threshold: float, length: float) -> float:
        scores = [count(mask_above(m, threshold, length), t).dice for m, t in with_one]
        return float(np.mean(scores))

    threshold = max(THRESHOLDS, key=lambda t: dice(t, 0))
    whole = dice(threshold, 0)
    length = 0.0
    for longer in LENGTHS:
        if dice(threshold, longer) < whole - DEAR:
            break
        length = longer
    amount = np.array([evidence(found, threshold) for found in maps])
    curve = fit_presence(amount, present)
    chance = np.array([curve(a) for a in amount])
    print(f"threshold {threshold}, minimal length {length:g} px")
    emptied, found = chance < GATE, amount > 0
    print(
        f"left empty: {np.mean(emptied[~present]):.2f} of those without an instrument, "
        f"{np.mean((emptied & found)[present]):.2f} of those with one in which something was found"
    )
    print(f"presence: offset {curve.offset:.3f}, slope {curve.slope:.3f}")
    print(f"Dice {whole:.3f}, with the minimal length {dice(threshold, length):.3f}")
    for low in np.arange(0, 1, 0.2):
        inside = (chance >= low) & (chance < low + 0.2)
        if inside.any():
            mean, true = chance[inside].mean(), present[inside].mean()
            print(f"stated {mean:.2f}, true {true:.2f} ({inside.sum()} pictures)")
    defaults = MaskDefaults(length, GATE, (curve.offset, curve.slope))
    save_model(options.out, replace(model, threshold=threshold, masks=defaults), half=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main()
    else:
        print(__doc__)
