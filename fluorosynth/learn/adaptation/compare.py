"""An old and a new model side by side: on labelled data, and on frames without labels."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.io.contact_sheet import contact_sheet
from fluorosynth.io.walk import files_below
from fluorosynth.learn.adaptation.sure import Predicted
from fluorosynth.learn.checkpoint import Model
from fluorosynth.learn.data import LabelledDataset
from fluorosynth.learn.evaluation.evaluate import evaluate, prepare
from fluorosynth.learn.evaluation.predictors import frame_predictor
from fluorosynth.learn.overlay import LEGEND, overlay
from fluorosynth.learn.prediction.segment import SegmentConfig

WANTED = ("dice", "cldice")


def scores(model: Model, pairs: LabelledDataset, device: str, quiet: bool) -> dict[str, float]:
    """Return Dice and clDice over images, of what ``predict`` would write.

    Parameters
    ----------
    model
        Model to measure.
    pairs
        Labelled data, at its own resolution.
    device
        Name of a PyTorch device.
    quiet
        No progress bar.
    """
    config = SegmentConfig.of(model)
    found = evaluate(
        prepare(pairs, model),
        frame_predictor(model, config, device),
        {config.threshold: "own"},
        quiet=quiet,
        min_length=config.min_length,
        size=config.size,
    )
    means = found.over_images(config.threshold)
    return {name: round(float(means[name]), 4) for name in WANTED}


def agreement(before: Path, after: Path) -> dict[str, float]:
    """Return what two predictions of the same frames say of one another.

    Parameters
    ----------
    before
        Folder of masks that ``predict`` has written.
    after
        Another one of the same frames.

    Returns
    -------
    dict
        ``dice`` between the two, the mean over frames; ``marked_before`` and ``marked_after``, the
        share of marked pixels; ``flicker_before`` and ``flicker_after``, 1 - Dice of consecutive
        frames, which motion raises for both alike (NaN where no frame follows another).
    """
    names = [path.relative_to(before) for path in files_below(before)]
    dice, shares, changes = list[float](), list[list[float]](), list[list[float]]()
    last: tuple[Path, list[NDArray[np.bool_]]] | None = None
    for name in names:
        masks = [_mask(folder / name) for folder in (before, after)]
        dice.append(_dice(masks))
        shares.append([float(mask.mean()) for mask in masks])
        if last and last[0] == name.parent and last[1][0].shape == masks[0].shape:
            changes.append([1 - _dice(pair) for pair in zip(last[1], masks, strict=True)])
        last = name.parent, masks
    marked = np.mean(shares, axis=0)
    flicker = np.mean(changes, axis=0) if changes else np.full(2, np.nan)
    return {
        "dice": round(float(np.mean(dice)), 4),
        **{f"marked_{when}": round(float(v), 5) for when, v in zip(WHEN, marked, strict=True)},
        **{f"flicker_{when}": round(float(v), 4) for when, v in zip(WHEN, flicker, strict=True)},
    }


WHEN = ("before", "after")


def verdict(measured: dict[str, dict[str, dict[str, float]]]) -> tuple[bool, list[str]]:
    """Tell whether the new model is kept, and why.

    With labels it is kept where its Dice on them is not lower. Without, where neither the Dice on
    held-out samples of the run falls, nor that on plain ones by more than .03.

    Parameters
    ----------
    measured
        Figures by data (``"plain"``, ``"own"``, ``"labels"`` where there are any), by
        ``"before"`` and ``"after"``, by measure.
    """
    gains = {what: s["after"]["dice"] - s["before"]["dice"] for what, s in measured.items()}
    allowed = {"labels": 0.0} if "labels" in gains else {"own": 0.0, "plain": LOSS}
    kept = all(gains[what] >= -loss for what, loss in allowed.items())
    worse = [
        f"the new model is worse on {DATA[what]}: Dice {measured[what]['before']['dice']:.3f} -> "
        f"{measured[what]['after']['dice']:.3f}"
        for what, gain in gains.items()
        if gain < 0
    ]
    if not kept:
        worse.append("the old model is kept")
    return kept, worse


LOSS = 0.03  # of Dice on plain samples, allowed for the sake of one run
DATA = {
    "plain": "held-out samples of the plain recipe",
    "own": "held-out samples of the run",
    "labels": "the labelled frames",
}


def before_after(frames: Iterable[Predicted], afterwards: Iterable[Predicted]) -> NDArray[np.uint8]:
    """Return a sheet of two columns: what the old model found, and what the new one.

    Parameters
    ----------
    frames
        Frames with what the old model found.
    afterwards
        Frames, the same ones, with what the new one found.
    """
    tiles, labels = list[NDArray[np.uint8]](), list[str]()
    for old, new in zip(frames, afterwards, strict=True):
        for when, one in zip(WHEN, (old, new), strict=True):
            tiles.append(overlay(one.image, one.mask))
            labels.append(f"{one.name} {when}")
    return contact_sheet(tiles, 2, labels, LEGEND)


def _mask(path: Path) -> NDArray[np.bool_]:
    coded = np.frombuffer(path.read_bytes(), np.uint8)
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)) > 0


def _dice(pair: Iterable[NDArray[np.bool_]]) -> float:
    """Return the Dice of two masks; 1 where both are empty."""
    one, other = pair
    total = int(one.sum()) + int(other.sum())
    return 2 * int((one & other).sum()) / total if total else 1.0
