"""``fluorosynth labels``: label files converted, compared and summed up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fluorosynth_cli.data_options import invert_option

EXAMPLES = """
\b
Examples:
  fluorosynth labels convert labels.json --to cvat --out labels.xml
  fluorosynth labels convert export.xml --frames run.dcm --class Wire=guidewire --out labels.json
  fluorosynth labels compare ann.json ben.json --frames run.dcm --picture both.png
  fluorosynth labels info labels.json
"""


@click.group(epilog=EXAMPLES)
def command() -> None:
    """Convert, compare and sum up labels of sequences."""


@command.command()
@click.argument("labels", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A file or a folder.")
@click.option("--to", "target", default="labels", show_default=True, help="Its format.")
@click.option(
    "--from", "origin", default="", help="Format of LABELS; default: told by its content."
)
@click.option("--frames", help="The frames, for what the file does not say of them.")
@click.option("--width", type=float, help="Full width of curves that have none in the file, px.")
@click.option(
    "--class",
    "classes",
    multiple=True,
    help="What a class of the file means: NAME=catheter, NAME=ignore, NAME=skip.",
)
def convert(
    labels: Path,
    out: Path,
    target: str,
    origin: str,
    frames: str | None,
    width: float | None,
    classes: tuple[str, ...],
) -> None:
    r"""Convert LABELS from and to the files of other programs.

    \b
    Formats: labels (this project's), cvat, cvat-video, labelme, coco,
    label-studio, davis, masks, curves (JSON or CSV).
    """
    from fluorosynth.errors import UsageError
    from fluorosynth.labels import FrameSequence
    from fluorosynth.labels.formats import FORMATS, Conversion, read_format, write_format

    for name in (target, origin):
        if name and name not in FORMATS:
            raise UsageError(f"no format {name!r}: {', '.join(FORMATS)}")
    if width is not None and not 0 < width <= 1e4:
        raise UsageError(f"a width must be above 0 px and at most 10000, not {width}")
    pairs = [name.rpartition("=") for name in classes]
    bad = next((n for n, (a, _, b) in zip(classes, pairs, strict=True) if not a or not b), None)
    if bad is not None:
        raise UsageError(f"{bad!r} is no NAME=CLASS, such as Wire=guidewire")
    source = FrameSequence(frames).source if frames else None
    conversion = Conversion({name: meaning for name, _, meaning in pairs}, width, source)
    found = read_format(labels, origin, conversion)
    write_format(found, out, target)
    click.echo(f"{_said(found)}: {out}")


@command.command()
@click.argument("one", type=click.Path(path_type=Path))
@click.argument("two", type=click.Path(path_type=Path))
@click.option("--frames", help="The frames, for the picture.")
@click.option("--picture", type=click.Path(path_type=Path), help="A contact sheet, PNG.")
@click.option("--csv", "table", type=click.Path(path_type=Path), help="All frames, as CSV.")
@invert_option
def compare(
    one: Path,
    two: Path,
    frames: str | None,
    picture: Path | None,
    table: Path | None,
    invert: bool,
) -> None:
    """Compare two labellings of one sequence, frame by frame; ONE is taken for the truth."""
    import csv

    import numpy as np

    from fluorosynth.errors import UsageError
    from fluorosynth.io.atomic import replacing
    from fluorosynth.labels import FrameSequence, check_source, read_labels
    from fluorosynth.labels.compare import compare as compared

    if picture is not None and frames is None:
        raise UsageError("a picture needs the frames that the labels belong to")
    first, second = read_labels(one), read_labels(two)
    found = compared(first, second)
    names = ["dice", "cldice", "distance", "tip_error"]
    click.echo("frame    Dice  clDice  distance px  tip px")
    for a in found:
        click.echo(
            f"{a.index:5d}  {a.dice:6.3f}  {a.cldice:6.3f}  {a.distance:11.2f}  {a.tip_error:6.2f}"
        )
    with np.errstate(invalid="ignore"):
        values = np.array([[getattr(a, name) for name in names] for a in found], float)
        means = [
            float(np.mean(v[np.isfinite(v)])) if np.isfinite(v).any() else np.nan for v in values.T
        ]
    click.echo(f" mean  {means[0]:6.3f}  {means[1]:6.3f}  {means[2]:11.2f}  {means[3]:6.2f}")
    if table is not None:
        with replacing(table) as part, part.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["frame", *names])
            rows.writerows([a.index, *[getattr(a, name) for name in names]] for a in found)
    if picture is not None and frames is not None:
        from fluorosynth.io.contact_sheet import contact_sheet, png_bytes
        from fluorosynth.labels.picture import both

        run = FrameSequence(frames, invert)
        run.spare(picture)
        check_source(first, run.source, str(one))
        picks = [found[k].index for k in np.unique(np.linspace(0, len(found) - 1, 24).astype(int))]
        tiles = [both(run[t], first.at(t), second.at(t)) for t in picks]
        with replacing(picture) as part:
            part.write_bytes(png_bytes(contact_sheet(tiles, 6, [str(t) for t in picks])))


@command.command()
@click.argument("labels", type=click.Path(path_type=Path))
def info(labels: Path) -> None:
    """Sum up a label file."""
    from fluorosynth.labels import read_labels

    found = read_labels(labels)
    source = found.source
    click.echo(f"{source.name}: {source.frames} frames of {source.width} x {source.height} px")
    click.echo(_said(found))
    for name in found.ids:
        known = [f.get(name) for f in found.frames]
        curves = [i for i in known if i is not None]
        origins = {o: sum(i.origin == o for i in curves) for o in ("drawn", "tracked", "suggested")}
        lost = sum(name in f.lost for f in found.frames)
        what = ", ".join(f"{count} {o}" for o, count in {**origins, "lost": lost}.items() if count)
        width = sum(float(i.width.mean()) for i in curves) / max(len(curves), 1)
        label = curves[0].label if curves else "?"
        click.echo(f"{name} ({label}): {what}; width {width:.1f} px")


@command.command()
def schema() -> None:
    """Print the JSON schema of a label file."""
    import json

    from fluorosynth.labels import json_schema

    click.echo(json.dumps(json_schema(), indent=2))


def _said(labels: Any) -> str:
    frames = labels.frames
    complete = sum(f.complete for f in frames)
    empty = sum(f.empty for f in frames)
    lost = sum(bool(f.lost) for f in frames)
    return f"{complete} frames labelled, {empty} of them empty; {lost} with something lost"
