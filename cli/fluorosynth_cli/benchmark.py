"""``fluorosynth benchmark``: how fast this machine is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fluorosynth_cli.learn_options import loading

if TYPE_CHECKING:
    from fluorosynth.learn.benchmark import Timing

EXAMPLES = """
\b
Examples:
  fluorosynth benchmark
  fluorosynth benchmark --quick
  fluorosynth benchmark --networks light_plain,ambrosini --size 512

Networks are untrained: speed does not depend on the weights. Ratios are of one mode.
"""


@click.command(epilog=EXAMPLES)
@click.option("--networks", default="light,ambrosini", show_default=True, help="To compare.")
@click.option("--size", default=256, show_default=True, type=click.IntRange(16, 4096), help="px.")
@click.option("--device", default="auto", show_default=True, help="cuda, mps, cpu, ...")
@click.option("--quick", is_flag=True, help="Fewer rounds, single frames alone.")
def command(networks: str, size: int, device: str, quick: bool) -> None:
    """Time inference, network against network, and generation and reading."""
    loading(quiet=False)
    from fluorosynth.learn import benchmark

    kinds = networks.split(",")
    click.echo(benchmark.describe(device))
    click.echo("timing each network in each mode ...", err=True)
    _print(benchmark.time_networks(kinds, device, size, quick), kinds, size)
    click.echo("\nframes/s, one at a time: read a PNG, normalise, segment, threshold")
    for kind in kinds:
        rate = benchmark.frames_per_second(kind, device, size, 8 if quick else 32)
        click.echo(f"  {kind:<28}{rate:10.1f}")
    count = 100 if quick else 500
    click.echo("\none process, recipe paper, 256 px")
    click.echo(f"  {'samples made/s':<28}{benchmark.samples_per_second(count):10.0f}")
    click.echo(f"  {'random pairs read/s':<28}{benchmark.reads_per_second(count):10.0f}")


def _print(timings: list[Timing], kinds: list[str], size: int) -> None:
    """Print a line per mode: each network's time for single frames and at its best batch."""
    shown = dict.fromkeys((timing.mode, timing.batch > 1) for timing in timings)
    click.echo(f"\nms per frame of {size} x {size}, medians")
    names = "".join(f"{kind:>14}" for kind in kinds)
    click.echo(f"  {'mode':<28}{'batch':<8}{names}{'ratio':>8}")
    for mode, batched in shown:
        best = []
        for kind in kinds:
            of_kind = [t for t in timings if (t.network, t.mode) == (kind, mode)]
            chosen = [t for t in of_kind if batched or t.batch == 1]
            best.append(min(t.milliseconds for t in chosen))
        cells = "".join(f"{value:>14.1f}" for value in best)
        ratio = f"{best[-1] / best[0]:>7.1f}x"
        click.echo(f"  {mode!s:<28}{'best' if batched else '1':<8}{cells}{ratio}")
