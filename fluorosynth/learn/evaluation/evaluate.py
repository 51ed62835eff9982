"""Evaluation: every measure of every image, and what they say about sequences and overall."""

from __future__ import annotations

import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import import_module
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from fluorosynth.errors import BadDataError
from fluorosynth.learn.checkpoint import Model
from fluorosynth.learn.data import LabelledDataset, Resized, Subset, Windows
from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.prediction.segment import SegmentConfig, mask_above, segment
from fluorosynth.learn.prediction.torch_engine import Mode
from fluorosynth.metrics import Interval, bootstrap_interval, measure
from fluorosynth.sample import Image, Mask

PAPER, HALF = 0.01, 0.5
OWN = "best of validation"  # what the model's threshold is called
AS_TRAINED = Mode(folded=False, channels_last=False)
Map = NDArray[np.float32]
Predictor = Callable[[Image], Map]
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Row:
    """The measures of one image at one threshold.

    Parameters
    ----------
    index
        Number of the image.
    sequence
        Name of its sequence.
    name
        Name of the image in it.
    threshold
        Threshold on the map.
    values
        Measures by name.
    """

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
        Measures of every image and threshold.
    thresholds
        Thresholds, ascending, with what they are: ``{0.01: "paper"}``.
    seed
        Seed of the bootstrap.
    """

    rows: list[Row]
    thresholds: Mapping[float, str]
    seed: int = 0
    _intervals: dict[tuple[float, str], Interval] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def own(self) -> float:
        """The model's own threshold; the highest where none is."""
        return next((t for t, what in self.thresholds.items() if what == OWN), max(self.thresholds))

    @property
    def measures(self) -> list[str]:
        """The names of the measures."""
        return list(self.rows[0].values)

    def at(self, threshold: float) -> list[Row]:
        """Return the rows of one threshold.

        Parameters
        ----------
        threshold
            Threshold on the map.
        """
        return [row for row in self.rows if row.threshold == threshold]

    def by_sequence(self, threshold: float, name: str) -> dict[str, list[float]]:
        """Return a measure's value for each image of each sequence.

        Parameters
        ----------
        threshold
            Threshold on the map.
        name
            Name of the measure.
        """
        found: dict[str, list[float]] = {}
        for row in self.at(threshold):
            found.setdefault(row.sequence, []).append(row.values[name])
        return found

    @property
    def sequences(self) -> dict[str, int]:
        """The number of images of each sequence."""
        return dict(Counter(row.sequence for row in self.at(self.own)))

    @property
    def grouped(self) -> bool:
        """Whether a sequence has more than one image: means over images and sequences differ."""
        return max(self.sequences.values()) > 1

    def overall(self, threshold: float) -> dict[str, Interval]:
        """Return each measure's mean over the sequences' means, with its 95 % interval.

        Parameters
        ----------
        threshold
            Threshold on the map.
        """
        return {name: self.interval(threshold, name) for name in self.measures}

    def interval(self, threshold: float, name: str) -> Interval:
        """Return a measure's mean over the sequences' means, with its 95 % interval.

        Parameters
        ----------
        threshold
            Threshold on the map.
        name
            Name of the measure.
        """
        key = threshold, name
        if key not in self._intervals:  # kept: a resampling takes a moment
            values, rng = self.by_sequence(threshold, name), np.random.default_rng(self.seed)
            self._intervals[key] = bootstrap_interval(values, rng)
        return self._intervals[key]

    def over_images(self, threshold: float) -> dict[str, float]:
        """Return each measure's mean over all images; NaN where it applies to none.

        Parameters
        ----------
        threshold
            Threshold on the map.
        """
        rows = self.at(threshold)
        return {name: mean([row.values[name] for row in rows]) for name in self.measures}

    def ranked(self, threshold: float) -> list[Row]:
        """Return one threshold's rows from the best to the worst Dice.

        Parameters
        ----------
        threshold
            Threshold on the map.
        """
        return sorted(self.at(threshold), key=lambda row: -row.values["dice"])


def evaluate(
    pairs: LabelledDataset,
    predict: Predictor,
    thresholds: Mapping[float, str],
    seed: int = 0,
    quiet: bool = True,
    min_length: float = 0.0,
    workers: int = 1,
    size: int = 0,
) -> Evaluation:
    """Measure predictions on labelled data.

    Parameters
    ----------
    pairs
        Labelled data.
    predict
        Function from an item's image to its catheter map, ``(H, W)`` float in [0, 1]; predicted
        is what lies above a threshold.
    thresholds
        Thresholds with what they are.
    seed
        Seed of the bootstrap.
    quiet
        No progress bar.
    min_length
        Length in pixels; predicted parts whose skeleton is shorter are dropped. 0: none.
    workers
        Number of threads that predict and measure; above 1, ``predict`` is called in several at
        once.
    size
        Longer side in pixels of an image in which ``min_length`` counts; 0: the image's own.

    Returns
    -------
    Evaluation
        The measures of every image.

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
    if not len(pairs):
        raise BadDataError("there is no labelled image to evaluate")
    ascending = sorted(thresholds)
    for module in ("scipy.ndimage", "scipy.spatial.distance", "skimage.morphology"):
        import_module(module)  # here: two threads that import it at one time fail

    def measured(item: tuple[int, Image, Mask]) -> list[Row]:
        index, image, mask = item
        found, place = predict(image), (pairs.sequence(index), pairs.name(index))
        shortest = min_length * max(mask.shape) / size if size else min_length
        values = [measure(mask_above(found, t, shortest), mask) for t in ascending]
        return [Row(index, *place, t, v) for t, v in zip(ascending, values, strict=True)]

    items = ((index, *pairs[index]) for index in range(len(pairs)))  # read by this thread alone
    # Threads take PyTorch's number of threads when they first ask for it
    with ThreadPoolExecutor(workers, initializer=torch.get_num_threads) as pool:
        parts = _in_order(pool, measured, items, 2 * workers)
        progress = tqdm(parts, total=len(pairs), unit="image", file=sys.stderr, disable=quiet)
        rows = [row for part in progress for row in part]
    return Evaluation(rows, {t: thresholds[t] for t in ascending}, seed)


def _in_order(
    pool: Executor, function: Callable[[T], R], items: Iterable[T], most: int
) -> Iterator[R]:
    """Yield the results in order; at most ``most`` items wait in memory."""
    waiting = deque[Future[R]]()
    for item in items:
        waiting.append(pool.submit(function, item))
        if len(waiting) >= most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def thresholds_of(model: Model) -> dict[float, str]:
    """Return the publication's threshold, .5 and the best of the model's validation.

    Parameters
    ----------
    model
        Model to evaluate.
    """
    found = {PAPER: "paper", HALF: "half"}
    found[model.threshold] = OWN
    return found


def prepare(pairs: LabelledDataset, model: Model, size: int = 0, limit: int = 0) -> LabelledDataset:
    """Return the items as the model takes them.

    Parameters
    ----------
    pairs
        Labelled data.
    model
        Model whose input channels decide how many frames an item has.
    size
        Longer side in pixels, see ``Resized``; 0: as they are.
    limit
        Number of items at most, evenly spread; 0: all.
    """
    if size:
        pairs = Resized(pairs, size)
    if model.network.channels > 1:
        pairs = Windows(pairs, model.network.channels)
    if 0 < limit < len(pairs):
        pairs = Subset(pairs, np.linspace(0, len(pairs) - 1, limit).round().astype(int))
    return pairs


def mean(values: list[float]) -> float:
    """Return the mean of the values that are numbers; NaN where none is.

    Parameters
    ----------
    values
        Numbers, some of them NaN.
    """
    kept = [value for value in values if not np.isnan(value)]
    return float(np.mean(kept)) if kept else float("nan")


def frame_predictor(model: Model, config: SegmentConfig, device: str) -> Predictor:
    """Return a predictor of what ``predict`` finds in a frame, computed in float32.

    The map has the frame's size; it is zero all over where ``predict`` leaves the frame empty.

    Parameters
    ----------
    model
        Model, not changed.
    config
        Settings as for ``predict``; ``evaluate`` sees to threshold and minimal length.
    device
        PyTorch device.
    """
    inference = Inference(model, device, AS_TRAINED)

    def predicted(image: Image) -> Map:
        (found,) = segment(image.reshape(1, -1, *image.shape[-2:]), inference, config)
        return np.zeros_like(found.map) if found.presence < config.min_presence else found.map

    return predicted


def plain_predictor(
    model: Model, tta: bool = False, scales: Sequence[float] = (1.0,), turned: bool = False
) -> Predictor:
    """Return a predictor that runs the network in float32, on its device, at the image's size.

    Parameters
    ----------
    model
        Model, not changed.
    tta
        Average with the mirrored image.
    scales
        Factors of size to average over, see ``Inference.predict_maps``.
    turned
        Average over all eight flips and rotations by 90 degrees.
    """
    device = next(model.network.parameters()).device
    inference = Inference(model, str(device), AS_TRAINED)
    return lambda image: inference.predict_maps(image[None], tta, scales, turned)[0]
