"""Evaluation: every measure of every image, and what they say about sequences and overall."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.learn.checkpoint import Model
from fluorosynth.learn.data import LabelledDataset, Resized, Subset, Windows
from fluorosynth.learn.prediction.inference import Inference, Mode
from fluorosynth.learn.prediction.segment import mask_above
from fluorosynth.metrics import Interval, bootstrap_interval, measure
from fluorosynth.sample import Image

PAPER, HALF = 0.01, 0.5
Map = NDArray[np.float32]
Predictor = Callable[[Image], Map]


@dataclass(frozen=True)
class Row:
    """The measures of one image at one threshold, by name."""

    index: int
    sequence: str
    name: str
    threshold: float
    values: Mapping[str, float]


@dataclass(frozen=True)
class Evaluation:
    """The measures of all images.

    Parameters
    ----------
    rows
        Of every image and threshold.
    thresholds
        What each threshold is, ascending: ``{0.01: "paper"}``.
    seed
        Of the bootstrap.
    """

    rows: list[Row]
    thresholds: Mapping[float, str]
    seed: int = 0

    @property
    def measures(self) -> list[str]:
        """The names of the measures."""
        return list(self.rows[0].values)

    def at(self, threshold: float) -> list[Row]:
        """Return the rows of one threshold."""
        return [row for row in self.rows if row.threshold == threshold]

    def by_sequence(self, threshold: float, name: str) -> dict[str, list[float]]:
        """Return a measure's value for each image of each sequence."""
        found: dict[str, list[float]] = {}
        for row in self.at(threshold):
            found.setdefault(row.sequence, []).append(row.values[name])
        return found

    def overall(self, threshold: float) -> dict[str, Interval]:
        """Return each measure's mean over the sequences' means, with its 95 % interval."""
        return {
            name: bootstrap_interval(
                self.by_sequence(threshold, name), np.random.default_rng(self.seed)
            )
            for name in self.measures
        }

    def over_images(self, threshold: float) -> dict[str, float]:
        """Return each measure's mean over all images; NaN where it applies to none."""
        rows = self.at(threshold)
        return {name: mean([row.values[name] for row in rows]) for name in self.measures}

    def ranked(self, threshold: float) -> list[Row]:
        """Return one threshold's rows from the best to the worst Dice."""
        return sorted(self.at(threshold), key=lambda row: -row.values["dice"])


def evaluate(
    pairs: LabelledDataset,
    predict: Predictor,
    thresholds: Mapping[float, str],
    seed: int = 0,
    quiet: bool = True,
    min_length: float = 0.0,
) -> Evaluation:
    """Measure predictions on labelled data.

    Parameters
    ----------
    pairs
        Labelled data.
    predict
        Takes an item's image, returns its catheter map, ``(H, W)`` float in [0, 1]; predicted is
        what lies above a threshold.
    thresholds
        Thresholds with what they are.
    seed
        Of the bootstrap.
    quiet
        No progress bar.
    min_length
        Predicted parts whose skeleton is shorter, in pixels, are dropped; 0: none.

    Raises
    ------
    BadDataError
        When there is no image, or a map's shape is not its mask's.

    Examples
    --------
    >>> import cv2
    >>> class One(LabelledDataset):
    ...     def __len__(self):
    ...         return 1
    ...     def __getitem__(self, index):
    ...         mask = cv2.line(np.zeros((32, 32), np.uint8), (0, 9), (20, 9), 1, 3)
    ...         return 200 - 100 * mask, mask
    >>> found = evaluate(One(), lambda image: (image < 150).astype(np.float32), {0.5: "half"})
    >>> found.over_images(0.5)["dice"]
    1.0
    """
    from tqdm import tqdm

    if not len(pairs):
        raise BadDataError("there is no labelled image to evaluate")
    rows = list[Row]()
    for index in tqdm(range(len(pairs)), unit="image", file=sys.stderr, disable=quiet):
        image, mask = pairs[index]
        found, place = predict(image), (pairs.sequence(index), pairs.name(index))
        for t in sorted(thresholds):
            rows.append(Row(index, *place, t, measure(mask_above(found, t, min_length), mask)))
    return Evaluation(rows, {t: thresholds[t] for t in sorted(thresholds)}, seed)


def thresholds_of(model: Model) -> dict[float, str]:
    """Return the publication's threshold, .5 and the best of the model's validation."""
    found = {PAPER: "paper", HALF: "half"}
    found[model.threshold] = "best of validation"
    return found


def prepare(pairs: LabelledDataset, model: Model, size: int = 0, limit: int = 0) -> LabelledDataset:
    """Return the items as the model takes them.

    Parameters
    ----------
    pairs
        Labelled data.
    model
        Whose input channels decide how many frames an item has.
    size
        Longer side in pixels, see ``Resized``; 0: as they are.
    limit
        At most so many items, evenly spread; 0: all.
    """
    if size:
        pairs = Resized(pairs, size)
    if model.network.channels > 1:
        pairs = Windows(pairs, model.network.channels)
    if 0 < limit < len(pairs):
        pairs = Subset(pairs, np.linspace(0, len(pairs) - 1, limit).round().astype(int))
    return pairs


def mean(values: list[float]) -> float:
    """Return the mean of the values that are numbers; NaN where none is."""
    kept = [value for value in values if not np.isnan(value)]
    return float(np.mean(kept)) if kept else float("nan")


def plain_predictor(
    model: Model, tta: bool = False, scales: Sequence[float] = (1.0,), turned: bool = False
) -> Predictor:
    """Return a predictor that runs the network in float32, as trained, on its device.

    ``tta``, ``scales`` and ``turned`` say what to average over, see ``Inference.predict_maps``.
    """
    device = next(model.network.parameters()).device
    inference = Inference(model, str(device), Mode(folded=False, channels_last=False))
    return lambda image: inference.predict_maps(image[None], tta, scales, turned)[0]
