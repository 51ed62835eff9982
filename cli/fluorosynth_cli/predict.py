"""``fluorosynth predict``: frames and a network in, masks out."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from fluorosynth_cli.data_options import say_left_out

EXAMPLES = """
\b
Examples:
  fluorosynth predict run.dcm --model runs/light --out predicted
  fluorosynth predict frames/ --model runs/light --out predicted --centreline --min-length 20
  fluorosynth predict run.mp4 --model default --out predicted --tta --scales .8,1,1.25

Interrupted, the same command goes on.
"""


def numbers(
    ctx: click.Context,  # noqa: ARG001
    param: click.Parameter,
    value: str,
) -> tuple[float, ...]:
    """Split a text such as ``.8,1,1.25``."""
    try:
        return tuple(float(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is no list such as .8,1,1.25", param=param) from None


def mask_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options on how maps are averaged and masks are cleaned."""
    options = [
        click.option(
            "--tta", is_flag=True, help="Average with the mirrored frame: twice the work."
        ),
        click.option(
            "--turned",
            is_flag=True,
            help="Average over 8 flips and rotations: for what has no up.",
        ),
        click.option(
            "--scales", callback=numbers, default="1", show_default=True, help="Average over these."
        ),
        click.option(
            "--min-length",
            type=float,
            help="Drop parts with a shorter skeleton, px of the network's size. Default of "
            "predict: the model's; of evaluate: 0.",
        ),
    ]
    for option in reversed(options):
        function = option(function)
    return function


@click.command(epilog=EXAMPLES)
@click.argument("src")
@click.option("--model", "source", required=True, help="A checkpoint, a run folder or default.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A new folder.")
@click.option(
    "--threshold", type=float, help="On the maps; default: the best on the model's validation data."
)
@click.option(
    "--size", type=int, help="Longer side for the network, px; 0: as it is. Default: as trained."
)
@mask_options
@click.option(
    "--min-presence",
    type=float,
    help="Leave frames empty that show an instrument with a smaller probability. Default: the "
    "model's; 0: none.",
)
@click.option("--probabilities", is_flag=True, help="Write the maps too, as 16-bit PNG.")
@click.option("--centreline", is_flag=True, help="Write curves from entry to tip too, as JSON.")
@click.option(
    "--overlays/--no-overlays", default=True, show_default=True, help="Outlined pictures."
)
@click.option("--fps", default=15.0, show_default=True, help="Of the films of runs.")
@click.option("--device", default="auto", show_default=True, help="cuda, mps, cpu, ...")
@click.option("--skip-bad", is_flag=True, help="Leave out files that cannot be read.")
@click.option("--quiet", is_flag=True, help="No progress, no summary.")
def command(
    src: str,
    source: str,
    out: Path,
    threshold: float | None,
    size: int | None,
    tta: bool,
    turned: bool,
    scales: tuple[float, ...],
    min_length: float | None,
    min_presence: float | None,
    probabilities: bool,
    centreline: bool,
    overlays: bool,
    fps: float,
    device: str,
    skip_bad: bool,
    quiet: bool,
) -> None:
    """Segment the instruments in SRC: a picture, a video, a DICOM file, a folder, a glob."""
    from tqdm import tqdm

    from fluorosynth.errors import InterruptedRunError
    from fluorosynth.learn.prediction.inference import Inference
    from fluorosynth.learn.prediction.predict import Wanted, predict
    from fluorosynth.learn.prediction.segment import SegmentConfig

    inference = Inference.load(source, device)
    config = SegmentConfig.of(
        inference.model,
        threshold,
        size,
        tta=tta,
        turned=turned,
        scales=scales,
        min_length=min_length,
        min_presence=min_presence,
    )
    wanted = Wanted(probabilities=probabilities, overlays=overlays, centrelines=centreline, fps=fps)
    started = time.perf_counter()
    try:
        with tqdm(unit="frame", file=sys.stderr, disable=quiet) as bar:
            on_bad = say_left_out if skip_bad else None
            done = predict(src, inference, out, config, wanted, bar.update, on_bad)
    except KeyboardInterrupt:
        raise InterruptedRunError(
            f"interrupted; what is complete stays in {out}: run the same command to go on"
        ) from None
    if quiet:
        return
    seconds = time.perf_counter() - started
    before = f", {done.skipped} files were done before" if done.skipped else ""
    click.echo(
        f"{done.frames} frames in {seconds:.1f} s ({done.frames / seconds:.1f} frames/s, "
        f"{inference.device}, {inference.mode}), {done.found} with an instrument{before}: {out}"
    )
