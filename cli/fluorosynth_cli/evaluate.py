"""``fluorosynth evaluate``: a model and labelled images in, measures out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from fluorosynth.learn.data import Pairs
    from fluorosynth.learn.evaluate import Evaluation, Predictor, Row
    from fluorosynth.sample import Image

EXAMPLES = """
\b
Examples:
  fluorosynth evaluate data/held-out --model runs/light --out reports/light
  fluorosynth evaluate frames/ --model runs/tuned --out reports/tuned --size 256
  fluorosynth evaluate weiss/ --model default --out reports/weiss --limit 100

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
@click.option("--limit", default=0, type=click.IntRange(0), help="Images, evenly spread.")
@click.option("--device", default="auto", show_default=True, help="cuda, mps, cpu, ...")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of intervals.")
@click.option("--quiet", is_flag=True, help="No progress, no table.")
def command(
    data: str, source: str, out: Path, size: int, limit: int, device: str, seed: int, quiet: bool
) -> None:
    """Evaluate a model on DATA: a generated set, a labelled folder or the WEISS files."""
    from fluorosynth.errors import UsageError
    from fluorosynth.learn import evaluate
    from fluorosynth.learn.checkpoint import load_model
    from fluorosynth.learn.data import open_pairs
    from fluorosynth.learn.device import pick_device
    from fluorosynth.learn.report import write_report

    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file: name a folder")
    model = load_model(source, pick_device(device))
    pairs = evaluate.prepare(open_pairs(data), model, size, limit)
    predict, thresholds = evaluate.plain_predictor(model), evaluate.thresholds_of(model)
    found = evaluate.evaluate(pairs, predict, thresholds, seed, quiet)
    facts = _facts(data, source, model.network.kind, size, len(pairs))
    shown = _shown(found, pairs, predict, model.threshold)
    write_report(found, model.threshold, shown, facts, out)
    if not quiet:
        _print(found, model.threshold)
        click.echo(f"\n{out / 'report.html'}")


def _facts(data: str, source: str, network: str, size: int, images: int) -> dict[str, Any]:
    from fluorosynth import __version__

    return {
        "data": data,
        "images": images,
        "longer_side_px": size or "as they are",
        "model": source,
        "network": network,
        "fluorosynth": __version__,
    }


def _shown(
    found: Evaluation, pairs: Pairs, predict: Predictor, threshold: float
) -> dict[str, list[tuple[Row, Image]]]:
    """Predict the best and the worst images again and draw them."""
    from fluorosynth.learn.run_folder import agreement

    def draw(row: Row) -> tuple[Row, Image]:
        image, mask = pairs[row.index]
        newest = image.reshape(-1, *mask.shape)[-1]
        return row, agreement(newest, predict(image) > threshold, mask)

    ranked = found.ranked(threshold)
    half = min(SHOWN, (len(ranked) + 1) // 2)
    return {
        "Best": [draw(row) for row in ranked[:half]],
        "Worst": [draw(row) for row in ranked[half:][: -half - 1 : -1]],
    }


def _print(found: Evaluation, threshold: float) -> None:
    from fluorosynth.learn.report import LABELS, means_of_sequences, show, show_interval

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
