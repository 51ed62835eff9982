"""``fluorosynth train``: labelled images in, a trained network out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from fluorosynth_cli.data_options import data_options, open_labelled
from fluorosynth_cli.learn_options import loading
from fluorosynth_cli.progress import make_loops_ready
from fluorosynth_cli.recipe_options import pick_recipe

if TYPE_CHECKING:
    from fluorosynth.learn.data import LabelledDataset
    from fluorosynth.learn.training.train import Result

EXAMPLES = """
\b
Examples:
  fluorosynth train data/synthetic --out runs/light
  fluorosynth train data/synthetic --out runs/plain --network light_plain --crop 192
  fluorosynth train data/small --out runs/quick --quick
  fluorosynth train paper --n 9000 --out runs/endless --workers 8
  fluorosynth train "physics@7[0:10**6]" --out runs/virtual --workers 8
  torchrun --nproc-per-node 4 -m fluorosynth train data/synthetic --out runs/four

Interrupted at any moment, the same command goes on and ends with the same weights.
"""


def run_options(epochs: int, batch_size: int) -> Callable[[Any], Any]:
    """Return a decorator that adds the options of every kind of training."""
    options = [
        click.option("--out", required=True, type=click.Path(path_type=Path), help="Run folder."),
        click.option("--epochs", default=epochs, show_default=True, type=click.IntRange(1)),
        click.option("--batch-size", default=batch_size, show_default=True, type=click.IntRange(1)),
        click.option(
            "--loss",
            default="dice",
            show_default=True,
            type=click.Choice(
                [
                    "dice",
                    "cross_entropy",
                    "dice_ce",
                    "dice_plain_ce",
                    "dice_ce_empty",
                    "dice_ce_centreline",
                ]
            ),
            help="Background : catheter weigh 1 : 10, but even in the plain cross-entropy.",
        ),
        click.option("--lr", default=1e-3, show_default=True, help="Adam's rate."),
        click.option(
            "--schedule",
            default="constant",
            show_default=True,
            type=click.Choice(["constant", "cosine"]),
            help="Of the rate.",
        ),
        click.option("--warmup", default=0, help="Let the rate rise over so many steps."),
        click.option("--ema", default=0.0, help="Average the weights with this decay per step."),
        click.option(
            "--size",
            type=click.IntRange(0),
            help="Resize pictures to this longer side, px; 0: not. Default: not; of finetune: to "
            "the size that the model was trained at.",
        ),
        click.option(
            "--augment/--no-augment",
            default=None,
            help="Meet pictures mirrored, turned, zoomed, brighter, darker. Default: not; of "
            "finetune on real frames: yes.",
        ),
        click.option(
            "--mix",
            type=float,
            help="Share of synthetic pictures among them. Default: 0; of finetune on real frames: "
            ".5.",
        ),
        click.option(
            "--mix-recipe",
            default="physics",
            show_default=True,
            help="Of these: a preset or a TOML file.",
        ),
        click.option("--crop", default=0, type=click.IntRange(0), help="Train on crops, px."),
        click.option(
            "--validation", default=0.1, show_default=True, help="Share kept for validation."
        ),
        click.option("--seed", default=0, show_default=True, type=click.IntRange(0)),
        click.option("--device", default="auto", show_default=True, help="cuda, mps, cpu, ..."),
        click.option(
            "--precision",
            default="auto",
            show_default=True,
            type=click.Choice(["auto", "fp32", "bf16"]),
            help="auto: bf16 where the device has it.",
        ),
        click.option("--compile", is_flag=True, help="Use torch.compile."),
        click.option("--workers", default=0, show_default=True, type=click.IntRange(0)),
        click.option(
            "--checkpoint-every", default=100, show_default=True, help="Steps.", metavar="STEPS"
        ),
        click.option(
            "--log",
            default="",
            metavar="tensorboard|wandb|mlflow",
            help="Write the run to a tracker too, in the run folder; nothing leaves the machine.",
        ),
        click.option("--quiet", is_flag=True, help="No progress, no summary."),
    ]

    def decorate(function: Any) -> Any:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


@click.command(epilog=EXAMPLES)
@click.argument("data")
@click.option("--network", default="light", show_default=True, help="See: model list.")
@click.option("--channels", default=1, show_default=True, help="Consecutive frames as input.")
@click.option("--per-image", is_flag=True, help="Normalise each image by itself.")
@click.option("--n", default=9000, show_default=True, help="Of a recipe: samples per epoch.")
@click.option(
    "--start-bias", default=0.0, help="Begin with the output leaning to background by so much."
)
@click.option(
    "--quick",
    is_flag=True,
    help="Settings for minutes on a CPU instead of the publication's; options given "
    "beside it count.",
)
@run_options(epochs=12, batch_size=30)
@data_options
def command(
    data: str,
    out: Path,
    n: int,
    quick: bool,
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
    """Train a network on DATA: a generated set, a labelled folder, or a recipe."""
    loading(quiet)
    from fluorosynth.learn.training.config import QUICK, TrainConfig
    from fluorosynth.learn.training.train import train

    if quick:
        given = click.get_current_context().get_parameter_source
        settings |= {k: v for k, v in QUICK.items() if given(k) == ParameterSource.DEFAULT}
    config = TrainConfig(**{name: value for name, value in settings.items() if value is not None})
    options = masks, instrument, ignore, threshold, skip_bad, layout, invert, part
    pairs = open_data(data, n, config.seed, *options, quiet=quiet)
    summarise(train(pairs, config, out, quiet=quiet, log=log), quiet)


def open_data(
    data: str,
    n: int,
    seed: int,
    masks: str | None = None,
    instrument: tuple[str, ...] = (),
    ignore: tuple[str, ...] = (),
    threshold: int | None = None,
    skip_bad: bool = False,
    layout: str = "",
    invert: bool = False,
    part: str = "",
    quiet: bool = False,
) -> LabelledDataset:
    """Open a path, its part for training, or a recipe (a preset or a TOML file) as endless data."""
    from fluorosynth.dataset.virtual import virtual_set
    from fluorosynth.learn.data import open_recipe
    from fluorosynth.learn.data.parts import for_training
    from fluorosynth.recipe import Recipe

    recipe = data.endswith(".toml") and virtual_set(data) is None
    if recipe or (data in Recipe.presets() and not Path(data).exists()):
        make_loops_ready(pick_recipe(data), quiet)
        return open_recipe(data, seed, n)
    options = masks, instrument, ignore, threshold, skip_bad, layout, invert
    return open_labelled(data, *options, partial(for_training, part=part, seed=seed), quiet)


def summarise(result: Result, quiet: bool) -> None:
    """Print the run's last line."""
    if not quiet:
        click.echo(result)
