"""``fluorosynth model``: networks and their layers."""

from __future__ import annotations

import click

EXAMPLES = """
\b
Examples:
  fluorosynth model list
  fluorosynth model show light
"""


@click.group(epilog=EXAMPLES)
def command() -> None:
    """List networks, show their layers."""


@command.command("list")
def list_networks() -> None:
    """List the networks with their size."""
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
