"""``fluorosynth export``: a set in another format."""

from __future__ import annotations

from pathlib import Path

import click

from fluorosynth_cli.counted import counted
from fluorosynth_cli.data_options import set_place
from fluorosynth_cli.progress import progress

EXAMPLES = """
\b
Examples:
  fluorosynth export data/synthetic --to folder --out png
  fluorosynth export data/synthetic --to nnunet --out nnUNet_raw/Dataset101_Catheter
  fluorosynth export data/synthetic --to coco --out coco
"""


@click.command(epilog=EXAMPLES)
@click.argument("folder", callback=set_place)
@click.option("--to", required=True, help="folder, nnunet, coco, or an installed exporter.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A new folder.")
@click.option("--quiet", is_flag=True, help="No progress, no summary.")
def command(folder: Path | str, to: str, out: Path, quiet: bool) -> None:
    """Write the set in FOLDER in the layout of another tool."""
    from xxhash import xxh3_128

    from fluorosynth.dataset.manifest import manifest_bytes, read_manifest, read_samples
    from fluorosynth.dataset.virtual import virtual_set
    from fluorosynth.exporters.base import export, find_exporter

    exporter = find_exporter(to)
    if virtual := virtual_set(folder):
        n, digest = virtual.n * virtual.recipe.frames, virtual.fingerprint
    else:
        manifest = read_manifest(folder)
        n, digest = manifest.n * manifest.frames, xxh3_128(manifest_bytes(folder)).hexdigest()
    with progress(n, "image", quiet, iterable=read_samples(folder)) as samples:
        written = export(samples, exporter, out, digest)
    if not quiet:
        click.echo(
            f"{counted(n, 'picture')} as {to}: {out}" + ("" if written else " (there already)")
        )
