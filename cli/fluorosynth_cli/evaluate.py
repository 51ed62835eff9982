"""``fluorosynth evaluate``: a model and labelled images in, measures out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fluorosynth_cli.data_options import data_options, open_labelled
from fluorosynth_cli.predict import mask_options

if TYPE_CHECKING:
    from fluorosynth.learn.data import LabelledDataset
    from fluorosynth.learn.evaluation.evaluate import Evaluation, Predictor, Row
    from fluorosynth.learn.prediction.segment import SegmentConfig
    from fluorosynth.sample import Image

EXAMPLES = """
\b
Examples:
  fluorosynth evaluate data/held-out --model runs/light --out reports/light
  fluorosynth evaluate frames/ --model runs/tuned --out reports/tuned --size 256
  fluorosynth evaluate weiss/ --model default --out reports/weiss --limit 100
  fluorosynth evaluate frames/ --model runs/light --out reports/clean --tta --min-length 20

Writes metrics.csv (every image), summary.json and report.html.
"""
IN_TERMINAL = ("dice", "cldice", "precision", "recall", "centreline_f1_2px", "tip_error")
SHOWN = 3  # best and worst pictures


@click.command(epilog=EXAMPLES)
@click.argument("data")
@click.option("--model", "source", required=True, help="A checkpoint, a run folder or default.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the report.")
@click.option(
    "--size",
    default=0,
    type=click.IntRange(0),
    help="Longer side in px to which images and masks are resized (a pixel is instrument where "
    "half its area is); distances are in those pixels. Default: as they are.",
)
@mask_options
@data_options
@click.option("--limit", default=0, type=click.IntRange(0), help="Images, evenly spread.")
@click.option("--device", default="auto", show_default=True, help="cuda, mps, cpu, ...")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of intervals.")
@click.option("--quiet", is_flag=True, help="No progress, no table.")
def command(
    data: str,
    source: str,
    out: Path,
    size: int,
    tta: bool,
    turned: bool,
    scales: tuple[float, ...],
    min_length: float | None,
    masks: str | None,
    instrument: tuple[str, ...],
    ignore: tuple[str, ...],
    threshold: int | None,
    skip_bad: bool,
    layout: str,
    limit: int,
    device: str,
    seed: int,
    quiet: bool,
) -> None:
    """Evaluate a model on DATA: a generated set, a labelled folder or the WEISS files."""
    from fluorosynth.errors import UsageError
    from fluorosynth.learn.checkpoint import load_model
    from fluorosynth.learn.device import pick_device
    from fluorosynth.learn.evaluation import evaluate
    from fluorosynth.learn.evaluation.report import write_report
    from fluorosynth.learn.prediction.segment import SegmentConfig

    config = SegmentConfig(  # checks them
        size=size, tta=tta, turned=turned, scales=scales, min_length=min_length or 0.0
    )
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file: name a folder")
    model = load_model(source, pick_device(device))
    labelled = open_labelled(data, masks, instrument, ignore, threshold, skip_bad, layout)
    pairs = evaluate.prepare(labelled, model, size, limit)
    out.mkdir(parents=True, exist_ok=True)  # before the work, not after it
    predict = evaluate.plain_predictor(model, tta, scales, turned)
    thresholds = evaluate.thresholds_of(model)
    found = evaluate.evaluate(pairs, predict, thresholds, seed, quiet, config.min_length)
    facts = _facts(data, source, model.network.kind, size, len(pairs)) | _cleaning(config)
    draw = partial(_draw, pairs, predict, model.threshold, config.min_length)
    shown = _shown(found.ranked(model.threshold), draw)
    write_report(found, model.threshold, shown, facts, out)
    if not quiet:
        _print(found, model.threshold)
        click.echo(f"\n{out / 'report.html'}")


def _facts(data: str, source: str, network: str, size: int, images: int) -> dict[str, Any]:
    from fluorosynth.version import __version__

    return {
        "data": data,
        "images": images,
        "longer_side_px": size or "as they are",
        "model": source,
        "network": network,
        "fluorosynth": __version__,
    }


def _cleaning(config: SegmentConfig) -> dict[str, Any]:
    views = "2 views, mirrored" if config.tta else "one view"
    return {
        "averaged_over": "8 flips and rotations" if config.turned else views,
        "scales": list(config.scales),
        "min_length_px": config.min_length,
    }


def _shown(
    ranked: list[Row], draw: Callable[[Row], tuple[Row, Image]]
) -> dict[str, list[tuple[Row, Image]]]:
    half = min(SHOWN, (len(ranked) + 1) // 2)
    return {
        "Best": [draw(row) for row in ranked[:half]],
        "Worst": [draw(row) for row in ranked[half:][: -half - 1 : -1]],
    }


def _draw(
    pairs: LabelledDataset, predict: Predictor, threshold: float, min_length: float, row: Row
) -> tuple[Row, Image]:
    """Predict an image again and draw what was found."""
    from fluorosynth.learn.prediction.segment import mask_above
    from fluorosynth.reports.pictures import agreement

    image, mask = pairs[row.index]
    newest = image.reshape(-1, *mask.shape)[-1]
    predicted = mask_above(predict(image), threshold, min_length) > 0
    return row, agreement(newest, predicted, mask)


def _print(found: Evaluation, threshold: float) -> None:
    from fluorosynth.learn.evaluation.report import LABELS, means_of_sequences
    from fluorosynth.reports.text import show, show_interval

    overall = {t: found.overall(t) for t in found.thresholds}
    heads = ["mean over sequences", *(f"> {t:g} ({what})" for t, what in found.thresholds.items())]
    _print_table(
        heads,
        [
            [LABELS[name], *(show_interval(overall[t][name]) for t in overall)]
            for name in found.measures
        ],
    )
    click.echo()
    rows = [
        [name, str(values["images"]), *(show(values[key]) for key in IN_TERMINAL)]
        for name, values in means_of_sequences(found, threshold).items()
    ]
    heads = [f"sequence, > {threshold:g}", "images", *(LABELS[name] for name in IN_TERMINAL)]
    _print_table(heads, rows)


def _print_table(heads: list[str], rows: list[list[str]]) -> None:
    # Names come from files: no control characters to the terminal
    cells = [["".join(c if c.isprintable() else "?" for c in cell) for cell in r] for r in rows]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    for row in (heads, *cells):
        first, *others = (
            cell.ljust(width) if not i else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        click.echo("  ".join([first, *others]).rstrip())
