"""``fluorosynth finetune``: a trained network goes on with real frames."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from fluorosynth_cli.data_options import data_options
from fluorosynth_cli.learn_options import loading
from fluorosynth_cli.progress import make_loops_ready
from fluorosynth_cli.recipe_options import pick_recipe
from fluorosynth_cli.train import open_data, run_options, summarise

EXAMPLES = """
\b
Examples:
  fluorosynth finetune frames/ --from runs/light --out runs/tuned
  fluorosynth finetune frames/ --from default --out runs/tuned --layers 19
  fluorosynth finetune frames/ --from runs/light --out runs/tuned --layers 40-53 --crop 256
  fluorosynth finetune data/moving --from default --channels 3 --layers all --out runs/moving

Interrupted at any moment, the same command goes on and ends with the same weights.
"""


@click.command(epilog=EXAMPLES)
@click.argument("data")
@click.option("--from", "source", required=True, help="A checkpoint, a run folder or default.")
@click.option(
    "--layers",
    default="7",
    show_default=True,
    help="7, 13, 19: so many of the deepest; 23-29; all. See: model show NAME.",
)
@click.option(
    "--channels", type=int, help="Consecutive frames as input, of runs. Default: the model's."
)
@click.option("--n", default=9000, show_default=True, help="Of a recipe: samples per epoch.")
@run_options(epochs=50, batch_size=10)
@data_options
def command(
    data: str,
    source: str,
    layers: str,
    channels: int | None,
    n: int,
    out: Path,
    quiet: bool,
    masks: str | None,
    instrument: tuple[str, ...],
    ignore: tuple[str, ...],
    threshold: int | None,
    skip_bad: bool,
    layout: str,
    part: str,
    log: str,
    invert: bool,
    **settings: Any,
) -> None:
    """Fine-tune a model on DATA: labelled images, a generated set, or a recipe.

    All layers but --layers stay as they are. Real frames are met mirrored, turned, brighter and
    darker, with as many synthetic pictures among them. Where nothing gets better on the validation
    images, the model is kept as it is.
    """
    loading(quiet)
    from fluorosynth.learn.checkpoint import load_model
    from fluorosynth.learn.networks.widened import widened
    from fluorosynth.learn.training.finetune import finetune, finetune_config

    model = load_model(source)
    if channels is not None:
        model = replace(model, network=widened(model.network, channels))
    options = masks, instrument, ignore, threshold, skip_bad, layout, invert, part
    pairs = open_data(data, n, settings["seed"], *options, quiet=quiet)
    config = finetune_config(model, layers, synthetic=bool(pairs.recipe), **settings)
    if config.mix and not pairs.recipe:
        make_loops_ready(pick_recipe(config.mix_recipe), quiet)
    summarise(finetune(pairs, model, config, out, quiet=quiet, log=log), quiet)
