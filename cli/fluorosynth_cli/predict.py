"""``fluorosynth predict``: frames and a network in, masks out."""

from __future__ import annotations

import os
import time
from pathlib import Path

import click

from fluorosynth_cli.counted import counted
from fluorosynth_cli.data_options import invert_option, say_left_out, say_polarity
from fluorosynth_cli.learn_options import loading, mask_options

EXAMPLES = """
\b
Examples:
  fluorosynth predict run.dcm --model runs/light --out predicted
  fluorosynth predict frames/ --model runs/light --out predicted --centreline --min-length 20
  fluorosynth predict run.mp4 --model default --out predicted --tta --scales .8,1,1.25

Interrupted, the same command goes on.
"""


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
@click.option("--probabilities", is_flag=True, help="Write the maps too, as 16-bit PNG.")
@click.option(
    "--dicom", is_flag=True, help="Write DICOM Segmentations too, of DICOM files. No patient tags."
)
@click.option("--centreline", is_flag=True, help="Write curves from entry to tip too, as JSON.")
@click.option(
    "--overlays/--no-overlays", default=True, show_default=True, help="Outlined pictures."
)
@click.option("--fps", type=float, help="Of the films of sequences. Default: the file's own.")
@click.option(
    "--engine",
    type=click.Choice(["torch", "onnx", "openvino"]),
    default="torch",
    show_default=True,
    help="What computes: PyTorch; ONNX Runtime or OpenVINO, on the processor.",
)
@click.option("--device", default="auto", show_default=True, help="cuda, mps, cpu, ...")
@invert_option
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
    dicom: bool,
    centreline: bool,
    overlays: bool,
    fps: float | None,
    engine: str,
    device: str,
    invert: bool,
    skip_bad: bool,
    quiet: bool,
) -> None:
    """Segment the instruments in SRC: a picture, a video, a DICOM file, a folder, a glob."""
    # PyTorch's threads would wait for work in a loop, on the core on which masks are traced
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    loading(quiet)
    if engine != "torch" and not quiet:
        click.echo("the network is converted when it is first used, in seconds ...", err=True)
    from fluorosynth.errors import InterruptedRunError
    from fluorosynth.io.film import FPS
    from fluorosynth.learn.prediction.inference import Inference
    from fluorosynth.learn.prediction.outputs import Wanted
    from fluorosynth.learn.prediction.predict import predict
    from fluorosynth.learn.prediction.segment import SegmentConfig

    inference = Inference.load(source, device, engine)
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
    wanted = Wanted(
        probabilities=probabilities, overlays=overlays, centrelines=centreline, dicom=dicom, fps=fps
    )
    say_polarity(src, invert)
    started = time.perf_counter()
    try:
        on_bad = say_left_out if skip_bad else None
        done = predict(
            src, inference, out, config, wanted, invert=invert, on_bad=on_bad, quiet=quiet
        )
    except KeyboardInterrupt:
        raise InterruptedRunError(
            f"interrupted; what is complete stays in {out}: run the same command to go on"
        ) from None
    if quiet:
        return
    seconds = time.perf_counter() - started
    if done.timeless and fps is None:
        films = "a film does" if done.timeless == 1 else f"{done.timeless} films do"
        click.echo(
            f"the source of {films} not say its frame rate: shown at {FPS:g} frames/s, unless "
            "--fps says another",
            err=True,
        )
    if done.skipped and not done.frames:
        click.echo(f"{counted(done.skipped, 'file')} done before: {out}")
        return
    before = f", {counted(done.skipped, 'file')} done before" if done.skipped else ""
    click.echo(
        f"{counted(done.frames, 'frame')} in {seconds:.1f} s "
        f"({done.frames / seconds:.1f} frames/s, {inference.device}, {inference.engine}), "
        f"{done.found} with an instrument{before}: {out}"
    )
