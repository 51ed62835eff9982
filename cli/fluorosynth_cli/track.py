"""``fluorosynth track``: instruments followed from the frames in which they are drawn."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click

from fluorosynth_cli.data_options import invert_option, say_polarity
from fluorosynth_cli.learn_options import loading
from fluorosynth_cli.progress import progress

EXAMPLES = """
\b
Examples:
  fluorosynth track run.dcm --start labels.json --out tracked.json
  fluorosynth track run.dcm --start "5: 261,12 258,30 240,116 197,154" --out tracked.json
  fluorosynth track run.dcm --start labels.json --out tracked.json --model default --picture run.png

Curves of origin "drawn" are kept; all others are replaced.
"""

SMALLEST, LARGEST = 512, 1024  # px: longer side of the film


@click.command(epilog=EXAMPLES)
@click.argument("run")
@click.option(
    "--start",
    required=True,
    help='A label file, or a frame and a few points from entry to tip: "5: x,y x,y ...".',
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="A label file."
)
@click.option("--first", default=0, show_default=True, help="First frame to label.")
@click.option("--last", type=int, help="Last frame to label; default: of the sequence.")
@click.option("--id", "ids", multiple=True, help="Instrument to follow; default: all.")
@click.option("--label", default="catheter", show_default=True, help="Class of points given here.")
@click.option("--width", type=float, help="Full width of points given here, px; default: measured.")
@click.option("--model", help="A checkpoint, a run folder or default: its maps as evidence.")
@click.option("--device", default="auto", show_default=True, help="For --model: cuda, cpu, ...")
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A contact sheet, PNG; beside it a film of the same name.",
)
@click.option("--fps", type=float, help="Of the film; default: that of RUN, or 15.")
@click.option(
    "--give-up", default=0.3, show_default=True, help="Confidence below which it is lost."
)
@invert_option
@click.option("--quiet", is_flag=True, help="No progress, no summary.")
def command(
    run: str,
    start: str,
    out: Path,
    first: int,
    last: int | None,
    ids: tuple[str, ...],
    label: str,
    width: float | None,
    model: str | None,
    device: str,
    picture: Path | None,
    fps: float | None,
    give_up: float,
    invert: bool,
    quiet: bool,
) -> None:
    """Follow instruments through RUN: a video, a DICOM file, a folder of frames."""
    from fluorosynth.errors import UsageError
    from fluorosynth.io.atomic import check_place
    from fluorosynth.labels import FrameSequence, check_source, read_labels, write_labels
    from fluorosynth.track import TrackConfig, steps, track

    frames = FrameSequence(run, invert)
    say_polarity(run, invert)
    films = () if picture is None else (picture, *map(picture.with_suffix, (".mp4", ".gif")))
    frames.spare(out, *films)
    for path in (out, *films[:1]):
        check_place(path)
    if Path(start).is_file():
        labels = read_labels(start)
        check_source(labels, frames.source, start)
    else:
        labels = _from_points(start, frames, label, width)
    if not 0 <= give_up <= 1:
        raise UsageError(f"the confidence to give up at must be from 0 to 1, not {give_up}")
    if fps is not None and not 0 < fps <= 1000:
        raise UsageError(f"`fps` must be above 0 and at most 1000, not {fps}")
    evidence = None if model is None else _evidence(model, device, frames, quiet)
    started = time.perf_counter()
    end = len(frames) - 1 if last is None else last
    with progress(steps(labels, first, end, ids or None), "frame", quiet) as bar:
        found = track(
            frames,
            labels,
            TrackConfig(give_up=give_up),
            first,
            last,
            ids or None,
            evidence,
            lambda _: bar.update() and None,
        )
    write_labels(out, found)
    if picture is not None:
        _draw(frames, found, picture, fps, quiet)
    if not quiet:
        _summary(found, out, time.perf_counter() - started)


def _from_points(start: str, frames: Any, label: str, width: float | None) -> Any:
    """Return the labels that "5: x,y x,y ..." states, pulled to what is there."""
    from fluorosynth.errors import UsageError
    from fluorosynth.labels import FrameLabels, Instrument, Labels
    from fluorosynth.track import snap

    number, colon, rest = start.partition(":")
    try:
        index = int(number)
        points = [[float(v) for v in pair.split(",")] for pair in rest.split()]
        right = bool(colon) and len(points) >= 2 and all(len(pair) == 2 for pair in points)
    except ValueError:
        right = False
    if not right:
        raise UsageError(f'{start!r} is no file, nor a frame and points: "5: 261,12 240,116"')
    if not 0 <= index < len(frames):
        raise UsageError(f"there is no frame {index} in a sequence of {len(frames)}")
    height, side = frames.source.shape
    if not all(-0.5 <= x <= side - 0.5 and -0.5 <= y <= height - 0.5 for x, y in points):
        raise UsageError(f"a point lies outside the frame of {side} x {height} px: {rest.strip()}")
    import numpy as np

    found = snap(frames[index], np.array(points), width)
    instrument = Instrument(found.points, found.width, f"{label}_0", label)
    return Labels(frames.source, (FrameLabels(index, (instrument,)),))


def _evidence(model: str, device: str, frames: Any, quiet: bool) -> Any:
    """Return the function that gives a network's map of a frame."""
    loading(quiet)
    from fluorosynth.learn.prediction.evidence import network_evidence

    return network_evidence(model, device, frames)


def _draw(frames: Any, labels: Any, path: Path, fps: float | None, quiet: bool) -> None:
    """Write a contact sheet, and a film of the frames from the first labelled to the last."""
    from tqdm import tqdm

    from fluorosynth.io.atomic import replacing
    from fluorosynth.io.contact_sheet import png_bytes
    from fluorosynth.io.film import FPS, Film
    from fluorosynth.io.frames import frame_rate
    from fluorosynth.labels.picture import picture, sheet

    with replacing(path) as part:
        part.write_bytes(png_bytes(sheet(frames, labels)))
    size = min(max(*frames.source.shape, SMALLEST), LARGEST)
    shown = range(labels.frames[0].index, labels.frames[-1].index + 1)
    with Film(path.with_suffix(""), fps or frame_rate(frames.paths[0]) or FPS) as film:
        for index in tqdm(shown, "film", unit="frame", file=sys.stderr, disable=quiet):
            film.add(picture(frames[index], labels.at(index), size))


def _summary(labels: Any, out: Path, seconds: float) -> None:
    for name in labels.ids:
        known = [f.get(name) for f in labels.frames]
        tracked = [i for i in known if i is not None and i.origin == "tracked"]
        lost = [f.index for f in labels.frames if name in f.lost]
        sure = (
            f" (confidence {sum(i.score for i in tracked) / len(tracked):.2f})" if tracked else ""
        )
        click.echo(
            f"{name}: {len(tracked)} frames tracked{sure}, {len(lost)} lost"
            + (f", the first is {lost[0]}" if lost else "")
        )
    click.echo(f"{seconds:.1f} s: {out}")
