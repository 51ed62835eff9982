"""Evaluation: predictions measured on labelled data, at the thresholds and sizes of a model."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from importlib import import_module
from typing import TypeVar

import numpy as np
import torch
from tqdm import tqdm

from fluorosynth.errors import BadDataError
from fluorosynth.learn.checkpoint import Model
from fluorosynth.learn.data import LabelledDataset, Resized, Subset, Windows
from fluorosynth.learn.evaluation.predictors import Predictor
from fluorosynth.learn.evaluation.results import OWN, Evaluation, Row
from fluorosynth.learn.prediction.segment import mask_above
from fluorosynth.metrics import measure
from fluorosynth.sample import Image, Mask

PAPER, HALF = 0.01, 0.5
T = TypeVar("T")
R = TypeVar("R")


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


def thresholds_of(model: Model) -> dict[float, str]:
    """Return the publication's threshold, .5 and the best of the model's validation.

    Parameters
    ----------
    model
        Model to evaluate.
    """
    return {PAPER: "paper", HALF: "half", model.threshold: OWN}


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
