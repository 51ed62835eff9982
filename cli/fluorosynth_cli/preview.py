"""``fluorosynth preview``: a contact sheet of a set."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from pathlib import Path

import click

from fluorosynth_cli.counted import counted
from fluorosynth_cli.data_options import set_place

EXAMPLES = """
\b
Examples:
  fluorosynth preview data/synthetic --out sheet.png
  fluorosynth preview data/synthetic --out sheet.png --count 64 --columns 8
  fluorosynth preview data/moving --out moving.gif --count 4 --columns 2
"""


@click.command(epilog=EXAMPLES)
@click.argument("folder", callback=set_place)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="A PNG file; of sequences also a GIF.",
)
@click.option("--count", default=16, show_default=True, type=click.IntRange(1, 1024))
@click.option("--columns", default=4, show_default=True, type=click.IntRange(1))
@click.option("--quiet", is_flag=True, help="No summary.")
def command(folder: Path | str, out: Path, count: int, columns: int, quiet: bool) -> None:
    """Draw the first samples of the set in FOLDER, each plain and with its labels outlined.

    Of sequences a PNG shows four frames each, a GIF all of them.
    """
    from fluorosynth.dataset.manifest import read_manifest, read_samples
    from fluorosynth.dataset.preview import spread_out, write_film, write_preview
    from fluorosynth.dataset.virtual import virtual_set
    from fluorosynth.errors import UsageError

    virtual = virtual_set(folder)
    number = virtual.recipe.frames if virtual else read_manifest(folder).frames
    sequences = [
        [sample for _, sample in frames]
        for _, frames in groupby(read_samples(folder, count), key=itemgetter(0))
    ]
    if out.suffix.lower() == ".gif":
        if number == 1:
            raise UsageError(f"{folder} holds pictures, no sequences: name a PNG file, not {out}")
        write_film(sequences, out, columns)
    else:
        shown = spread_out(number, 4)
        write_preview([frames[t] for frames in sequences for t in shown], out, columns)
    if not quiet:
        click.echo(f"{counted(len(sequences), 'sample')}: {out}")
