"""``fluorosynth info``: what a set holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fluorosynth_cli.counted import counted
from fluorosynth_cli.data_options import set_place

if TYPE_CHECKING:
    from fluorosynth.dataset.virtual import VirtualSet

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
    from fluorosynth.dataset.virtual import virtual_set

    if virtual := virtual_set(folder):
        _virtual(virtual, recipe_only)
        return

    manifest = read_manifest(folder)
    if recipe_only:
        click.echo(manifest.recipe, nl=False)
        return
    total = sum(entry.bytes for entry in manifest.shards)
    frames = "" if manifest.frames == 1 else f", sequences of {manifest.frames} frames"
    rows = {
        "samples": f"{manifest.n}, indices 0..{manifest.n - 1} of seed {manifest.seed}",
        "pictures": f"{manifest.size} x {manifest.size} uint8{frames}",
        "files": f"{counted(len(manifest.shards), 'shard')}, {total / 1e6:.1f} MB",
        "made with": ", ".join(f"{k} {v}" for k, v in manifest.software.items()),
        "preview": inside(folder, PREVIEW),
    }
    for key, value in rows.items():
        click.echo(f"{key:10} {value}")
    click.echo(f"recipe\n\n{manifest.recipe}", nl=False)


def _virtual(found: VirtualSet, recipe_only: bool) -> None:
    """Print what a virtual set holds."""
    recipe, last = found.recipe, found.stop - 1
    if not recipe_only:
        frames = "" if recipe.frames == 1 else f", sequences of {recipe.frames} frames"
        click.echo(f"samples    {found.n}, indices {found.first}..{last} of seed {found.seed}")
        click.echo(f"pictures   {recipe.size} x {recipe.size} uint8{frames}")
        click.echo("files      none: made when they are asked for")
        click.echo("recipe\n")
    click.echo(recipe.to_toml(), nl=False)
