"""Figures 5 and 8: what both experiments' networks find in each sequence; the film of T1."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fluorosynth.io.contact_sheet import contact_sheet
from fluorosynth.io.film import Film
from fluorosynth.learn.checkpoint import BEST, Model, load_model
from fluorosynth.learn.data import LabelledDataset
from fluorosynth.learn.device import pick_device
from fluorosynth.learn.evaluation.evaluate import plain_predictor
from fluorosynth.learn.overlay import overlay
from fluorosynth.reports.pictures import agreement
from fluorosynth.sample import Image

HEADS = "input", "Exp. 1", "Exp. 2", "truth"


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
    return contact_sheet(tiles, len(HEADS), labels)


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
    predict, shown = plain_predictor(_model(model, device)), Film(out, 15.0)
    for image, _ in pairs:
        shown.add(overlay(image, np.asarray(predict(image) > threshold, np.uint8)))
    shown.close()


def _model(step: Path, device: str) -> Model:
    return load_model(step / "run" / BEST, pick_device(device))
