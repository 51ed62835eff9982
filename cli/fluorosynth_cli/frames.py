"""``fluorosynth frames``: a few pictures out of a run, to be labelled."""

from __future__ import annotations

from pathlib import Path

import click

from fluorosynth_cli.counted import counted
from fluorosynth_cli.data_options import invert_option, say_polarity
from fluorosynth_cli.progress import progress

EXAMPLES = """
\b
Examples:
  fluorosynth frames run.dcm --out frames --count 5
  fluorosynth frames "runs/*.mp4" --out frames --count 20

Frame 12 of run.dcm becomes frames/run_00012.png; put its mask beside it as run_00012_mask.png.
"""


@click.command(epilog=EXAMPLES)
@click.argument("src")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of pictures.")
@click.option("--count", default=5, show_default=True, help="Frames, evenly spread over all.")
@invert_option
@click.option("--quiet", is_flag=True, help="No progress, no summary.")
def command(src: str, out: Path, count: int, invert: bool, quiet: bool) -> None:
    """Write frames spread over SRC as PNG: a video, a DICOM file, a folder, a glob."""
    from fluorosynth.io.spread import write_spread

    say_polarity(src, invert)
    with progress(count, "frame", quiet) as bar:
        done = write_spread(src, out, count, lambda _: bar.update() and None, invert)
    if not quiet:
        click.echo(f"{counted(len(done), 'frame')}: {out}")
