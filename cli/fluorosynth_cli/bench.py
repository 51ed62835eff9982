"""``fluorosynth bench``: public labelled sets, read as they lie on disk."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fluorosynth_cli.data_options import class_options, invert_option
from fluorosynth_cli.learn_options import loading

EXAMPLES = """
\b
Examples:
  fluorosynth bench MOSXAV --model default --out bench/mosxav-default
  fluorosynth bench MOSXAV --model runs/tuned --out bench/mosxav-tuned
  fluorosynth bench CathAction --model net.onnx --out bench/cathaction --instrument 1,2
  fluorosynth bench table bench/* --out table.md

SET: a folder in one of the layouts mosxav, cathaction, guide3d, davis, nnunet, coco, cvat, labelme,
the WEISS files, a generated set, or images and masks. A folder called table is ./table.
"""


class SetOrTable(click.Group):
    """A group whose first word is a set, unless it is the name of a command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the name of the command before a set."""
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = ["set", *args]
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a command; of a set the one that runs it."""
        return super().get_command(ctx, name) or self.commands["set"]


@click.group(cls=SetOrTable, epilog=EXAMPLES)
def command() -> None:
    """Run a model on a public SET by the set's own protocol; put the rows of several together."""


@command.command("set", epilog=EXAMPLES, hidden=True)
@click.argument("data", metavar="SET")
@click.option("--model", help="A checkpoint, a run folder, default, an ONNX file, or sato.")
@click.option("--command", "line", help="A program instead: 'mytool {src} {out}', see: stress.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the row.")
@class_options
@click.option("--threshold", type=float, help="On maps. Default: the model's own, else 0.5.")
@click.option("--limit", default=0, type=click.IntRange(0), help="Pictures, evenly spread.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0))
@click.option("--device", default="auto", show_default=True, help="cuda, mps, cpu, ...")
@invert_option
@click.option("--quiet", is_flag=True, help="No progress, no table.")
def run(
    data: str,
    model: str | None,
    line: str | None,
    out: Path,
    instrument: tuple[str, ...],
    ignore: tuple[str, ...],
    layout: str,
    part: str,
    threshold: float | None,
    limit: int,
    seed: int,
    device: str,
    invert: bool,
    quiet: bool,
) -> None:
    """Run a model on SET and write row.json, metrics.csv, summary.json and report.html."""
    import numpy as np
    from tqdm import tqdm

    loading(quiet)
    from fluorosynth.errors import UsageError
    from fluorosynth.learn.data import Subset
    from fluorosynth.learn.data.parts import by_protocol
    from fluorosynth.learn.evaluation.bench import (
        FILE,
        bench,
        bench_table,
        row_of,
        write_row,
    )
    from fluorosynth.learn.evaluation.report import write_report
    from fluorosynth_cli.data_options import open_labelled_as_is, upright
    from fluorosynth_cli.segmenters import open_segmenter

    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file: name a folder")
    segmenter = open_segmenter(model, line, threshold, device, quiet)
    opened = open_labelled_as_is(data, None, instrument, ignore, None, False, layout)
    whole = by_protocol(opened, part, seed)
    pairs = whole
    if 0 < limit < len(whole):
        pairs = Subset(whole, np.linspace(0, len(whole) - 1, limit).round().astype(int))
    out.mkdir(parents=True, exist_ok=True)  # before the work, not after it
    with tqdm(total=len(pairs), unit="image", file=sys.stderr, disable=quiet) as bar:
        found = bench(segmenter, upright(pairs, invert), seed, bar.update)
    row = row_of(found, segmenter, pairs, Path(data).resolve().name)
    write_row(row, out / FILE)
    write_report(found, next(iter(found.thresholds)), {}, {**row.set, **row.model}, out)
    if not quiet:
        click.echo(bench_table([row]))
        click.echo(f"\n{out / FILE}")


@command.command("table", epilog=EXAMPLES)
@click.argument("rows", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="A file of Markdown too.")
def table(rows: tuple[Path, ...], out: Path | None) -> None:
    """Put ROWS (folders, or row.json) together, the best Dice first."""
    loading(quiet=False)
    from fluorosynth.io.atomic import replacing
    from fluorosynth.learn.evaluation.bench import bench_table, read_row

    text = bench_table([read_row(path) for path in rows])
    click.echo(text)
    if out is not None:
        with replacing(out) as part:
            part.write_text(text + "\n", "utf-8")
