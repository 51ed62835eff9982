"""Train, evaluate and predict from Python: what the commands do, in twenty lines.

    python train_in_python.py runs/tiny

The settings are small so that this ends within a minute; without them they are the publication's.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from fluorosynth import Recipe
from fluorosynth.learn.checkpoint import load_model
from fluorosynth.learn.data import RecipeDataset
from fluorosynth.learn.evaluation.evaluate import evaluate, plain_predictor, thresholds_of
from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.training.config import TrainConfig
from fluorosynth.learn.training.train import train

recipe = Recipe.preset("paper")
out = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
config = TrainConfig(network="light_plain", crop=64, epochs=1, batch_size=4, loss="dice_ce")

pairs = RecipeDataset(recipe, seed=0, n=8)  # or open_dataset("data/synthetic")
result = train(pairs, config, out, quiet=True)
print(f"epoch {result.epoch}, validation Dice {result.dice:.3f}, {result.path}")

model = load_model(out)
held_out = RecipeDataset(recipe, seed=1, n=2)
found = evaluate(held_out, plain_predictor(model), thresholds_of(model))
print(f"Dice above {model.threshold}: {found.over_images(model.threshold)['dice']:.3f}")

maps = Inference(model).predict_maps(held_out[0][0][None])  # (1, 256, 256) in [0, 1]
print(f"{(maps > model.threshold).mean():.1%} of the first picture is instrument")
