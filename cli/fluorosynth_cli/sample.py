"""``fluorosynth sample``: one sample, for a bug report."""

from __future__ import annotations

from pathlib import Path

import click

from fluorosynth_cli.data_options import invert_option
from fluorosynth_cli.progress import make_loops_ready
from fluorosynth_cli.recipe_options import changed, pick_recipe

EXAMPLES = """
\b
Examples:
  fluorosynth sample --recipe paper --seed 0 --index 17 --out x.png
  fluorosynth sample --recipe my.toml --seed 3 --index 4711 --out x.png
"""


@click.command(epilog=EXAMPLES)
@click.option("--recipe", default="paper", show_default=True, help="A preset or a TOML file.")
@click.option("--backgrounds", help="As for generate.")
@click.option("--devices", help="As for generate.")
@click.option(
    "--frame-size", nargs=2, type=click.IntRange(1), metavar="H W", help="As for generate."
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**64 - 1))
@click.option("--index", required=True, type=click.IntRange(0))
@click.option("--size", type=int, help="Side of the picture, px.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="As for generate.")
@click.option("--skip-bad", is_flag=True, help="As for generate.")
@invert_option
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A PNG file.")
@click.option("--quiet", is_flag=True, help="Do not print what was drawn.")
def command(
    recipe: str,
    backgrounds: str | None,
    devices: str | None,
    frame_size: tuple[int, int] | None,
    seed: int,
    index: int,
    size: int | None,
    settings: tuple[str, ...],
    skip_bad: bool,
    invert: bool,
    out: Path,
    quiet: bool,
) -> None:
    """Write one sample, plain and with its label outlined, and print all that was drawn for it.

    Of a sequence all frames are written, and what was drawn for the first is printed.
    """
    import json

    from fluorosynth.dataset.preview import write_preview

    picked = pick_recipe(recipe)
    chosen = changed(
        picked,
        settings,
        backgrounds,
        devices,
        size,
        skip_bad,
        frame_size=frame_size,
        invert=invert,
        quiet=quiet,
    )
    make_loops_ready(chosen, quiet)
    frames = chosen.sequence(seed, index)
    write_preview(frames, out)
    if not quiet:
        click.echo(json.dumps(frames[0].meta, indent=1, ensure_ascii=False))
