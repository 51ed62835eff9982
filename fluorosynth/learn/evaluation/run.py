"""A model evaluated from beginning to end: data prepared, measured, reported."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from fluorosynth.errors import UsageError
from fluorosynth.io.place import local
from fluorosynth.learn.checkpoint import Model, as_model
from fluorosynth.learn.data import LabelledDataset, grouped, open_dataset
from fluorosynth.learn.data.grouped import BY_NAME
from fluorosynth.learn.device import one_thread, pick_device
from fluorosynth.learn.evaluation.evaluate import evaluate, prepare, thresholds_of
from fluorosynth.learn.evaluation.predictors import Predictor, frame_predictor
from fluorosynth.learn.evaluation.report import write_report
from fluorosynth.learn.evaluation.results import Evaluation, Row
from fluorosynth.learn.prediction.segment import SegmentConfig, mask_above
from fluorosynth.reports.pictures import agreement
from fluorosynth.sample import Image
from fluorosynth.version import __version__

SHOWN = 3  # best and worst pictures
MOST_WORKERS = 8  # images at once: each takes memory


def evaluate_model(
    model: Model | str | Path,
    pairs: LabelledDataset | str | Path,
    out: str | Path,
    *,
    size: int | None = None,
    tta: bool = False,
    turned: bool = False,
    scales: Sequence[float] = (1.0,),
    min_length: float | None = None,
    min_presence: float | None = None,
    sequences: str | Path = BY_NAME,
    limit: int = 0,
    device: str = "auto",
    seed: int = 0,
    quiet: bool = True,
) -> Evaluation:
    """Measure a model on labelled data; write ``metrics.csv``, ``summary.json``, ``report.html``.

    Measured is what ``predict`` writes with the same settings, above 0.01, 0.5 and the model's own
    threshold. On a CPU, the files are the same for any number of cores.

    Parameters
    ----------
    model
        Model, or a checkpoint, a run folder or ``"default"``.
    pairs
        Labelled data, or a path as ``open_dataset`` takes it.
    out
        Folder of the report, made if it is not there.
    size
        Longer side in pixels. None: the network sees an image at the size it was trained at, its
        map is resized back, and distances are in the image's own pixels. Else images and masks are
        resized to so many pixels first, and distances are in those. 0: images as they are.
    tta
        Whether to average with the mirrored image.
    turned
        Whether to average over all eight flips and rotations by 90 degrees.
    scales
        Factors of size to average over, each in 1/8 to 8.
    min_length
        Length in pixels of the network's size; predicted parts whose skeleton is shorter are
        dropped. 0: none; None: the model's own.
    min_presence
        Probability of an instrument below which a frame is left empty, in [0, 1]; None: the
        model's own.
    sequences
        Sequences that means and intervals are over: ``"name"``, as folders and names tell;
        ``"none"``, each image by itself; else a CSV file with the columns ``image`` and
        ``sequence``.
    limit
        Number of images at most, evenly spread; 0: all.
    device
        Name of a PyTorch device; ``"auto"``: CUDA, else MPS, else CPU.
    seed
        Seed of the intervals.
    quiet
        Whether no progress bar is shown.

    Returns
    -------
    Evaluation
        The measures of every image.

    Raises
    ------
    BadDataError
        When data or model cannot be read, or there is no labelled image.
    UsageError
        For settings out of range, or when ``out`` is a file.

    Examples
    --------
    >>> import tempfile
    >>> from fluorosynth import Recipe
    >>> from fluorosynth.learn.data import RecipeDataset
    >>> pairs = RecipeDataset(Recipe.preset("paper"), seed=0, n=2)
    >>> with tempfile.TemporaryDirectory() as out:
    ...     found = evaluate_model("default", pairs, out)
    >>> [name for name in found.measures if "dice" in name]
    ['dice', 'cldice']
    """
    out = local(out)
    if out.exists() and not out.is_dir():
        raise UsageError(f"`out` {out} is a file: name a folder")
    place = pick_device(device)
    source = "" if isinstance(model, Model) else str(model)
    model = as_model(model, place)
    config = SegmentConfig.of(
        model,
        size=size,
        min_length=min_length,
        min_presence=min_presence,
        tta=tta,
        turned=turned,
        scales=tuple(scales),
    )
    if not isinstance(pairs, LabelledDataset):
        pairs = open_dataset(pairs)
    pairs = grouped(pairs, sequences)
    facts = {
        "data": pairs.source,
        "images": 0,
        "sequences": 0,
        "sequences_by": str(sequences),
        "longer_side_px": size or "as they are",
        "longer_side_for_network_px": config.size or "as they are",
        "model": source,
        "network": model.network.kind,
        "fluorosynth": __version__,
        **_averaging(config),
    }
    pairs = prepare(pairs, model, size or 0, limit)
    facts["images"] = len(pairs)
    out.mkdir(parents=True, exist_ok=True)  # before the work, not after it
    workers = min(torch.get_num_threads(), MOST_WORKERS) if place.type == "cpu" else 1
    with one_thread():
        predict = frame_predictor(model, config, str(place))
        thresholds = thresholds_of(model)
        found = evaluate(
            pairs, predict, thresholds, seed, quiet, config.min_length, workers, config.size
        )
        facts["sequences"] = len(found.sequences)
        _report(found, pairs, predict, config, facts, out, quiet)
    return found


def _averaging(config: SegmentConfig) -> dict[str, Any]:
    views = "2 views, mirrored" if config.tta else "one view"
    return {
        "averaged_over": "8 flips and rotations" if config.turned else views,
        "scales": list(config.scales),
        "min_length_px": config.min_length,
        "min_presence": config.min_presence,
    }


def _report(
    found: Evaluation,
    pairs: LabelledDataset,
    predict: Predictor,
    config: SegmentConfig,
    facts: dict[str, Any],
    out: Path,
    quiet: bool,
) -> None:
    """Resample for the intervals, draw the best and the worst images, write the files."""
    ranked = found.ranked(found.own)
    half = min(SHOWN, (len(ranked) + 1) // 2)
    headed = {"Best": ranked[:half], "Worst": ranked[half:][: -half - 1 : -1]}
    intervals = [(t, name) for t in found.thresholds for name in found.measures]
    steps = len(intervals) + sum(map(len, headed.values())) + 1
    with tqdm(total=steps, desc="report", unit="part", file=sys.stderr, disable=quiet) as bar:
        for t, name in intervals:
            found.interval(t, name)
            bar.update()
        shown: dict[str, list[tuple[Row, Image]]] = {heading: [] for heading in headed}
        for heading, rows in headed.items():
            for row in rows:
                picture = _drawn(pairs, predict, config, row)
                shown[heading].append((row, picture))
                bar.update()
        write_report(found, found.own, shown, facts, out)
        bar.update()


def _drawn(pairs: LabelledDataset, predict: Predictor, config: SegmentConfig, row: Row) -> Image:
    """Predict an image again and draw what was found."""
    image, mask = pairs[row.index]
    newest = image.reshape(-1, *mask.shape)[-1]
    shortest = config.min_length / config.scale(mask.shape)
    predicted = mask_above(predict(image), config.threshold, shortest) > 0
    return agreement(newest, predicted, mask)
