"""Train, evaluate and predict from Python: the commands' own functions, under the same names.

    python train_in_python.py runs/tiny

The settings are small so that this ends within a minute; without them they are the publication's.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from fluorosynth import Recipe
from fluorosynth.learn import RecipeDataset, TrainConfig, evaluate_model, predict, train

out = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
recipe = Recipe.preset("paper")
config = TrainConfig(network="light_plain", crop=64, epochs=1, batch_size=4, loss="dice_ce")

pairs = RecipeDataset(recipe, seed=0, n=8)  # or open_dataset("data/synthetic")
result = train(pairs, config, out / "run", quiet=True)
print(f"epoch {result.epoch}, validation Dice {result.dice:.3f}, {result.path}")

held_out = RecipeDataset(recipe, seed=1, n=2)
found = evaluate_model(out / "run", held_out, out / "report")
print(f"Dice above {found.own}: {found.over_images(found.own)['dice']:.3f}, {out / 'report'}")

np.save(out / "frames.npy", np.stack([image for image, _ in held_out]))  # or a DICOM sequence
done = predict(out / "frames.npy", out / "run", out / "predicted")
print(f"{done.found} of {done.frames} frames show an instrument, {out / 'predicted'}")
