"""``fluorosynth preview``: a contact sheet of a set."""

from __future__ import annotations

from pathlib import Path

import click

EXAMPLES = """
\b
Examples:
  fluorosynth preview data/synthetic --out sheet.png
  fluorosynth preview data/synthetic --out sheet.png --count 64 --columns 8
"""


@click.command(epilog=EXAMPLES)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A PNG file.")
@click.option("--count", default=16, show_default=True, type=click.IntRange(1, 1024))
@click.option("--columns", default=4, show_default=True, type=click.IntRange(1))
@click.option("--quiet", is_flag=True, help="No summary.")
def command(folder: Path, out: Path, count: int, columns: int, quiet: bool) -> None:
    """Draw the first samples of the set in FOLDER, each plain and with its labels outlined."""
    from fluorosynth.dataset import read_samples
    from fluorosynth.preview import write_preview

    samples = [sample for _, sample in read_samples(folder, count)]
    write_preview(samples, out, columns)
    if not quiet:
        click.echo(f"{len(samples)} samples: {out}")
