"""``fluorosynth model``: networks, their layers, and trained ones for other runtimes."""

from __future__ import annotations

from pathlib import Path

import click

from fluorosynth_cli.learn_options import loading

EXAMPLES = """
\b
Examples:
  fluorosynth model list
  fluorosynth model show light
  fluorosynth model export runs/light --out light.onnx
  fluorosynth model export runs/light --out light.pt
"""


@click.group(epilog=EXAMPLES)
def command() -> None:
    """List networks, show their layers, export trained ones."""


@command.command("list")
def list_networks() -> None:
    """List the networks with their size."""
    loading(quiet=False)
    from fluorosynth.learn.networks import build, networks

    for kind, network in sorted(networks().items()):
        table = build(kind).table()
        trainable = sum(row.trainable for row in table)
        what = (network.__doc__ or "").partition("\n")[0]
        click.echo(f"{kind:<12} {len(table):>4} layers {trainable:>11,} parameters  {what}")


@command.command()
@click.argument("name")
@click.option("--size", default=256, show_default=True, help="Side of the input, px.")
@click.option("--channels", default=1, show_default=True, help="Of the input.")
def show(name: str, size: int, channels: int) -> None:
    """Print the layers of the network NAME, numbered as --layers takes them."""
    loading(quiet=False)
    from fluorosynth.learn.networks import build

    network = build(name, {"channels": channels})
    table = network.table(size, size)
    click.echo(
        f"{'layer':>5}  {'kind':<19} {'part':<11} {'output (H, W, C)':<17} {'parameters':>10}"
    )
    for row in table:
        shape = f"({', '.join(map(str, row.shape))})"
        cells = f"{row.number:>5}  {row.kind:<19} {row.name:<11} {shape:<17}"
        click.echo(f"{cells} {row.parameters:>10,}")
    trainable = sum(row.trainable for row in table)
    click.echo(f"{len(table)} layers, {trainable:,} trainable parameters")
    for count in (7, 13, 19):
        first, last = network.deepest(count)
        click.echo(f"--layers {count}: {first}-{last}")


@command.command()
@click.argument("source", metavar="MODEL")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="An .onnx or .pt file.")
@click.option(
    "--frames", help="Check on these: a file, a folder, a glob. Default: 8 made by recipe paper."
)
@click.option("--count", default=8, show_default=True, type=click.IntRange(1), help="Of them.")
@click.option("--quiet", is_flag=True, help="No summary.")
def export(source: str, out: Path, frames: str | None, count: int, quiet: bool) -> None:
    """Write MODEL (a checkpoint, a run folder or default) as ONNX, checked against PyTorch.

    A .pt file is a checkpoint of half the size: its weights are rounded to float16.
    """
    loading(quiet)
    from fluorosynth.learn.checkpoint import load_model, save_model
    from fluorosynth.learn.prediction.export_onnx import export_onnx
    from fluorosynth.learn.prediction.windows import first_clips, made_clips

    model = load_model(source)
    if out.suffix == ".pt":
        save_model(out, model, half=True)
        if not quiet:
            click.echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB, weights in float16")
        return
    channels = model.network.channels
    clips = first_clips(frames, count, channels) if frames else made_clips(count, channels)
    difference = export_onnx(model, out, clips)
    if not quiet:
        click.echo(f"{out}: on {len(clips)} frames, maps differ by at most {difference:.1g}")
