"""``fluorosynth evaluate``: a model and labelled images in, measures out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fluorosynth_cli.data_options import data_options, open_labelled
from fluorosynth_cli.learn_options import loading, mask_options

if TYPE_CHECKING:
    from fluorosynth.learn.data import LabelledDataset
    from fluorosynth.learn.evaluation.results import Evaluation

EXAMPLES = """
\b
Examples:
  fluorosynth evaluate data/held-out --model runs/light --out reports/light
  fluorosynth evaluate frames/ --model runs/tuned --out reports/tuned
  fluorosynth evaluate weiss/ --model default --out reports/weiss --limit 100
  fluorosynth evaluate frames/ --model runs/light --out reports/clean --tta --min-length 20
  fluorosynth evaluate frames/ --model runs/tuned --out reports/tuned --sequences patients.csv

Writes metrics.csv (every image), summary.json and report.html.
"""


@click.command(epilog=EXAMPLES)
@click.argument("data")
@click.option("--model", "source", required=True, help="A checkpoint, a run folder or default.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the report.")
@click.option(
    "--size",
    type=click.IntRange(0),
    help="Resize images and masks to this longer side first, px (a pixel is instrument where half "
    "its area is): distances are in those pixels; 0: leave them. Default: the network sees images "
    "at the size it was trained at, distances are in the images' own pixels, as predict does.",
)
@mask_options
@data_options
@click.option(
    "--sequences",
    default="name",
    show_default=True,
    metavar="name|none|CSV",
    help="What means and intervals are over: sequences by folders and names, each image by "
    "itself, or those of a CSV file with the columns image and sequence.",
)
@click.option("--limit", default=0, type=click.IntRange(0), help="Images, evenly spread.")
@click.option("--device", default="auto", show_default=True, help="cuda, mps, cpu, ...")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of intervals.")
@click.option("--quiet", is_flag=True, help="No progress, no table.")
def command(
    data: str,
    source: str,
    out: Path,
    masks: str | None,
    instrument: tuple[str, ...],
    ignore: tuple[str, ...],
    threshold: int | None,
    skip_bad: bool,
    layout: str,
    part: str,
    invert: bool,
    quiet: bool,
    **settings: Any,
) -> None:
    """Evaluate a model on DATA: a generated set, a labelled folder or the WEISS files."""
    loading(quiet)
    from fluorosynth.learn.data import WeissDataset
    from fluorosynth.learn.data.parts import by_protocol
    from fluorosynth.learn.evaluation.run import evaluate_model
    from fluorosynth.learn.evaluation.text import as_text

    def tested(pairs: LabelledDataset) -> LabelledDataset:
        default = "all" if isinstance(pairs, WeissDataset) else ""  # a model may know none of them
        return by_protocol(pairs, part or default, settings["seed"])

    options = masks, instrument, ignore, threshold, skip_bad, layout, invert
    pairs = open_labelled(data, *options, tested, quiet)
    found = evaluate_model(source, pairs, out, quiet=quiet, **settings)
    if not quiet:
        click.echo(as_text(found, found.own))
        if len(found.sequences) == 1 and found.grouped:
            click.echo(f"\n{_one_sequence(found)}")
        click.echo(f"\n{out / 'report.html'}")


def _one_sequence(found: Evaluation) -> str:
    """Say that no interval is there, and what to do if that is wrong."""
    ((name, count),) = found.sequences.items()
    return (
        f"All {count} images count as one sequence, {name!r}: no interval. If they are of several "
        "runs or patients, say so by --sequences none or a CSV file."
    )
