"""``fluorosynth stress``: where a segmenter breaks, any segmenter."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fluorosynth_cli.data_options import invert_option, say_polarity

if TYPE_CHECKING:
    from fluorosynth.stress.summary import Summary

EXAMPLES = """
\b
Examples:
  fluorosynth stress default --out stress/default
  fluorosynth stress net.onnx --out stress/net --axes depth,width
  fluorosynth stress --command 'mytool {src} {out}' --out stress/mytool
  fluorosynth stress --compare stress/default stress/mytool --out stress/both

MODEL: a checkpoint, a run folder, default, an ONNX file, or sato, a ridge filter.
Writes report.html and stress.json. Same seed, same pictures, same figures.
"""


@click.command(epilog=EXAMPLES)
@click.argument("model", required=False)
@click.option(
    "--command",
    "line",
    help="A program instead of MODEL: {src} is a folder of PNG files, {out} one for masks (0 and "
    "another value) or maps (8 or 16 bit) of the same names.",
)
@click.option(
    "--compare",
    nargs=2,
    type=click.Path(path_type=Path),
    metavar="A B",
    help="Two results (folders or stress.json) instead of MODEL.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the report.")
@click.option("--axes", default="", help="Of these alone, such as depth,width. Default: all.")
@click.option("--pictures", default=12, show_default=True, help="Scenes at each level.")
@click.option("--size", default=256, show_default=True, help="Side of the pictures, px.")
@click.option("--backgrounds", help="Instrument-free frames, or a CT. Default: drawn anatomy.")
@click.option("--threshold", type=float, help="On maps. Default: the model's own, else 0.5.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0))
@click.option("--device", default="auto", show_default=True, help="cuda, mps, cpu, ...")
@invert_option
@click.option("--quiet", is_flag=True, help="No progress, no table.")
def command(
    model: str | None,
    line: str | None,
    compare: tuple[Path, Path] | None,
    out: Path,
    axes: str,
    pictures: int,
    size: int,
    backgrounds: str | None,
    threshold: float | None,
    seed: int,
    device: str,
    invert: bool,
    quiet: bool,
) -> None:
    """Find out where MODEL breaks: contrast, width, noise, blur, overlap, bends, field, scale."""
    from fluorosynth.errors import UsageError
    from fluorosynth.stress.report import REPORT

    if sum(part is not None for part in (model, line, compare)) != 1:
        raise UsageError("name a MODEL, or --command, or --compare A B: one of them")
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file: name a folder")
    if compare is not None:
        _compare(compare, out, quiet)
        return
    from tqdm import tqdm

    from fluorosynth.backgrounds.source_of import background_sources
    from fluorosynth.stress.axes import pick_axes
    from fluorosynth.stress.report import named, write_report
    from fluorosynth.stress.run import StressConfig, run_stress
    from fluorosynth.stress.summary import SUMMARY, summarise, write_summary
    from fluorosynth_cli.segmenters import open_segmenter

    if backgrounds is not None:
        say_polarity(backgrounds, invert)
    config = StressConfig(
        tuple(pick_axes([name.strip() for name in axes.split(",") if name.strip()])),
        pictures=pictures,
        size=size,
        seed=seed,
        backgrounds=background_sources(backgrounds, invert=invert)[0] if backgrounds else None,
    )
    segmenter = open_segmenter(model, line, threshold, device, quiet)
    out.mkdir(parents=True, exist_ok=True)  # before the work, not after it
    with tqdm(unit="picture", file=sys.stderr, disable=quiet) as bar:

        def advance(done: int, total: int) -> None:
            bar.total = total
            bar.update(done)

        stress = run_stress(segmenter, config, advance)
    with tqdm(total=len(config.axes), unit="axis", file=sys.stderr, disable=quiet) as bar:
        summary = summarise(stress, bar.update)
    write_summary(summary, out / SUMMARY)
    write_report(summary, stress, out / REPORT)
    if not quiet:
        _print({named(summary): summary})
        click.echo(f"\n{out / REPORT}")


def _compare(paths: tuple[Path, Path], out: Path, quiet: bool) -> None:
    from fluorosynth.stress.report import REPORT, told_apart, write_comparison
    from fluorosynth.stress.summary import read_summary

    first, second = (read_summary(path) for path in paths)
    out.mkdir(parents=True, exist_ok=True)
    write_comparison(first, second, out / REPORT)
    if not quiet:
        _print(told_apart(first, second))
        click.echo(f"\n{out / REPORT}")


def _print(summaries: dict[str, Summary]) -> None:
    from fluorosynth.reports.text import aligned_table
    from fluorosynth.stress.report import half_table

    click.echo("half of the centreline is found [95 % interval]")
    click.echo(aligned_table(*half_table(summaries)))
