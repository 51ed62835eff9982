"""The figures: data and how it is made, losses by epoch, what the networks find; the film of T1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from fluorosynth.io.contact_sheet import FOUND, Legend, contact_sheet
from fluorosynth.io.film import FPS, Film
from fluorosynth.io.frames import read_frames
from fluorosynth.learn.checkpoint import BEST, Model, load_model
from fluorosynth.learn.data import LabelledDataset
from fluorosynth.learn.device import pick_device
from fluorosynth.learn.evaluation.predictors import plain_predictor
from fluorosynth.learn.overlay import overlay
from fluorosynth.recipe import Recipe
from fluorosynth.reports.pictures import agreement
from fluorosynth.reports.plots import new_figure, png_of
from fluorosynth.sample import Image

HEADS = "input", "Exp. 1", "Exp. 2", "truth"

LOOKED_AT = 64  # synthetic pictures, to find one that was rotated
LEAST = 192  # px: smaller tiles are enlarged by whole numbers
LOSSES = "Dice loss", "cross-entropy"


def synthetic_and_phantom(synthetic: LabelledDataset, phantom: LabelledDataset) -> Image:
    """Return Fig. 2: three synthetic pictures and one of the phantom, above their masks.

    Parameters
    ----------
    synthetic
        Dataset-1.
    phantom
        Dataset-2.
    """
    shown = [synthetic[0], synthetic[1], synthetic[2], phantom[len(phantom) // 2]]
    masks = [np.asarray(mask == 1, np.uint8) * np.uint8(255) for _, mask in shown]
    return _sheet([*(image for image, _ in shown), *masks], 4, [*"abcd", *[""] * 4])


def making(recipe: Recipe, patches: Path, seed: int) -> Image:
    """Return Fig. 3: a patch, a mask, the mask transformed (rotated, if there is one), the picture.

    Parameters
    ----------
    recipe
        Recipe of Dataset-1, its first stage the transformation.
    patches
        Folder of the patches.
    seed
        Seed of the pictures.
    """
    samples = (recipe.sample(seed=seed, index=index) for index in range(LOOKED_AT))
    kept = [(n, s) for n, s in enumerate(samples) if s.meta["steps"][0]["kind"] == "rotate"]
    number, made = kept[0] if kept else (0, recipe.sample(seed=seed, index=0))
    still = Recipe(recipe.backgrounds, recipe.devices, recipe.stages[1:], size=recipe.size)
    before = still.sample(seed=seed, index=number)  # the sources draw the same
    patch = next(iter(read_frames(patches / str(made.meta["background"]), [0]))).image
    masks = [np.asarray(s.mask == 1, np.uint8) * np.uint8(255) for s in (before, made)]
    moved = f"{made.meta['steps'][0]['kind']}d"
    return _sheet([patch, *masks, made.image], 4, ["patch", "mask", moved, "picture"])


def loss_curves(trainings: Mapping[str, Mapping[str, Sequence[float]]]) -> bytes:
    """Return Fig. 4 as PNG: loss and validation Dice by epoch, for both losses.

    Columns are the trainings and fine-tunings of both experiments. The losses differ in scale, so
    each is shown between its own least and largest value.

    Parameters
    ----------
    trainings
        Loss and Dice of each epoch, by ``"training, Dice loss, Exp. 1"`` and so on.
    """
    places = [(stage, exp) for stage in ("training", "fine-tuning") for exp in (1, 2)]
    figure, axes = new_figure(12, 5, 2, len(places))
    for column, (stage, exp) in enumerate(places):
        for number, loss in enumerate(LOSSES):
            found = trainings[f"{stage}, {loss}, Exp. {exp}"]
            epochs = np.arange(1, len(found["train_loss"]) + 1)
            ends = np.array([found["train_loss"], found["validation_loss"]])
            low, span = ends.min(), max(float(np.ptp(ends)), 1e-9)
            for style, part in (("-", "train"), ("--", "validation")):
                scaled = (np.array(found[f"{part}_loss"]) - low) / span
                label = f"{loss}, {part}"
                axes[0, column].plot(epochs, scaled, style, color=f"C{number}", label=label)
                dice = found[f"{part}_dice"]
                axes[1, column].plot(epochs, dice, style, color=f"C{number}", label=label)
        axes[0, column].set_title(f"({'abcd'[column]}) {stage}, Exp. {exp}", fontsize=9)
        axes[1, column].set(xlabel="epoch", ylim=(0, 1))
        for axis in axes[:, column]:
            axis.xaxis.get_major_locator().set_params(integer=True)
    axes[0, 0].set_ylabel("loss, of its own range")
    axes[1, 0].set_ylabel("Dice")
    axes[0, 0].legend(fontsize=7)
    return png_of(figure)


def examples(
    models: dict[str, Path], pairs: LabelledDataset, threshold: float, device: str
) -> Image:
    """Return a row for each sequence: its middle test frame, what both find, the truth.

    Parameters
    ----------
    models
        Folders of the steps that trained the networks, by ``"Exp. 1"`` and ``"Exp. 2"``.
    pairs
        Test frames.
    threshold
        Threshold on the maps.
    device
        Name of a PyTorch device, or ``"auto"``.
    """
    predictors = [plain_predictor(_model(path, device)) for path in models.values()]
    names = [pairs.sequence(index) for index in range(len(pairs))]
    tiles: list[Image] = []
    labels: list[str] = []
    for name in dict.fromkeys(names):
        mine = [index for index, other in enumerate(names) if other == name]
        image, truth = pairs[mine[len(mine) // 2]]
        found = [agreement(image, predict(image) > threshold, truth) for predict in predictors]
        tiles += [image, *found, truth * np.uint8(255)]
        labels += [f"{name} {head}" for head in HEADS]
    return _sheet(tiles, len(HEADS), labels, FOUND)


def film(model: Path, pairs: LabelledDataset, threshold: float, device: str, out: Path) -> None:
    """Write a film of frames with what a network finds outlined.

    Parameters
    ----------
    model
        Folder of the step that trained the network.
    pairs
        Frames in their order.
    threshold
        Threshold on the maps.
    device
        Name of a PyTorch device, or ``"auto"``.
    out
        Name of the film without a suffix.
    """
    predict = plain_predictor(_model(model, device))
    with Film(out, FPS) as shown:
        for image, _ in pairs:
            shown.add(overlay(image, np.asarray(predict(image) > threshold, np.uint8)))


def _sheet(
    tiles: Sequence[Image], columns: int, labels: Sequence[str], legend: Legend | None = None
) -> Image:
    """Return a contact sheet of tiles large enough for their captions."""
    times = max(1, LEAST // tiles[0].shape[0])
    large = [tile.repeat(times, axis=0).repeat(times, axis=1) for tile in tiles]
    return contact_sheet(large, columns, labels, legend)


def _model(step: Path, device: str) -> Model:
    return load_model(step / "run" / BEST, pick_device(device))
