"""``fluorosynth adapt``: one run without labels in, a model of one's own out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fluorosynth_cli.data_options import invert_option, say_polarity
from fluorosynth_cli.learn_options import loading
from fluorosynth_cli.progress import make_loops_ready
from fluorosynth_cli.recipe_options import pick_recipe

EXAMPLES = """
\b
Examples:
  fluorosynth adapt run.dcm --out adapted
  fluorosynth adapt run.dcm --out adapted --labels frames
  fluorosynth adapt run.dcm --out adapted --from runs/light --samples 800 --epochs 5

Writes model.pt, adapt.json, overlays.png. Interrupted, the same command goes on.
"""


@click.command(epilog=EXAMPLES)
@click.argument("src")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of results.")
@click.option(
    "--from", "source", default="default", show_default=True, help="A checkpoint or a run folder."
)
@click.option("--samples", default=400, show_default=True, help="In an epoch, half of them plain.")
@click.option("--epochs", default=3, show_default=True, help="Passes over so many samples.")
@click.option("--layers", default="7", show_default=True, help="That train, as for finetune.")
@click.option("--lr", default=1e-3, show_default=True, help="Rate of Adam.")
@click.option("--labels", help="Labelled frames, to measure on; they are never trained on.")
@click.option("--size", default=0, help="Side of the samples, px. Default: as trained.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of all draws.")
@click.option("--device", default="auto", show_default=True, help="cuda, mps, cpu, ...")
@invert_option
@click.option("--quiet", is_flag=True, help="No progress, no summary.")
def command(
    src: str,
    out: Path,
    source: str,
    labels: str | None,
    device: str,
    quiet: bool,
    **settings: Any,
) -> None:
    """Adapt a model to SRC, frames that nobody has labelled."""
    loading(quiet)
    from fluorosynth.errors import InterruptedRunError
    from fluorosynth.learn.adaptation import AdaptConfig, adapt
    from fluorosynth.learn.adaptation.text import as_text

    def told(task: Any, number: int, total: int) -> None:
        if not quiet:
            click.echo(f"step {number}/{total}: {SAID[task.name]}", err=True)

    config = AdaptConfig(**settings)
    make_loops_ready(pick_recipe("physics"), quiet)
    say_polarity(src, config.invert)
    try:
        done = adapt(src, source, out, config, labels, device=device, told=told, quiet=quiet)
    except KeyboardInterrupt:
        raise InterruptedRunError(
            f"interrupted; steps that are complete stay in {out}: run the same command to go on"
        ) from None
    if not quiet:
        click.echo(as_text(done))


SAID = {
    "before": "predicting with the old model",
    "tuned": "fine-tuning on samples of the run and plain ones",
    "after": "predicting with the new model",
    "measured": "measuring both",
}
