"""``fluorosynth info``: what a set holds."""

from __future__ import annotations

from pathlib import Path

import click

from fluorosynth_cli.data_options import set_place

EXAMPLES = """
\b
Examples:
  fluorosynth info data/synthetic
  fluorosynth info data/synthetic --recipe > again.toml
"""


@click.command(epilog=EXAMPLES)
@click.argument("folder", callback=set_place)
@click.option("--recipe", "recipe_only", is_flag=True, help="Print the recipe alone.")
def command(folder: Path | str, recipe_only: bool) -> None:
    """Print what the set in FOLDER holds and where it comes from."""
    from fluorosynth.dataset.manifest import PREVIEW, inside, read_manifest

    manifest = read_manifest(folder)
    if recipe_only:
        click.echo(manifest.recipe, nl=False)
        return
    total = sum(entry.bytes for entry in manifest.shards)
    frames = "" if manifest.frames == 1 else f", sequences of {manifest.frames} frames"
    rows = {
        "samples": f"{manifest.n}, indices 0..{manifest.n - 1} of seed {manifest.seed}",
        "pictures": f"{manifest.size} x {manifest.size} uint8{frames}",
        "files": f"{len(manifest.shards)} shards, {total / 1e6:.1f} MB",
        "made with": ", ".join(f"{k} {v}" for k, v in manifest.software.items()),
        "preview": inside(folder, PREVIEW),
    }
    for key, value in rows.items():
        click.echo(f"{key:10} {value}")
    click.echo(f"recipe\n\n{manifest.recipe}", nl=False)
