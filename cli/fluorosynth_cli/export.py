"""``fluorosynth export``: a set in another format."""

from __future__ import annotations

from pathlib import Path

import click

from fluorosynth_cli.progress import progress

EXAMPLES = """
\b
Examples:
  fluorosynth export data/synthetic --to folder --out png
  fluorosynth export data/synthetic --to nnunet --out nnUNet_raw/Dataset101_Catheter
  fluorosynth export data/synthetic --to coco --out coco
"""


@click.command(epilog=EXAMPLES)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--to", required=True, help="folder, nnunet, coco, or an installed exporter.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A new folder.")
@click.option("--quiet", is_flag=True, help="No progress, no summary.")
def command(folder: Path, to: str, out: Path, quiet: bool) -> None:
    """Write the set in FOLDER in the layout of another tool."""
    from fluorosynth.dataset.manifest import MANIFEST, read_manifest, read_samples
    from fluorosynth.exporters.base import export, find_exporter
    from fluorosynth.shards import file_digest

    exporter = find_exporter(to)
    manifest, digest = read_manifest(folder), file_digest(folder / MANIFEST)
    n = manifest.n * manifest.frames
    with progress(n, "image", quiet, iterable=read_samples(folder)) as samples:
        written = export(samples, exporter, out, digest)
    if not quiet:
        click.echo(f"{n} pictures as {to}: {out}" + ("" if written else " (there already)"))
