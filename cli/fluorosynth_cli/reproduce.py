"""``fluorosynth reproduce``: the publication, all of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fluorosynth_cli.learn_options import loading

if TYPE_CHECKING:
    from fluorosynth.learn.reproduce.tasks import Task

EXAMPLES = """
\b
Examples:
  fluorosynth reproduce --surrogate --quick --out reproduced
  fluorosynth reproduce --data weiss --full --out reproduced --seeds 0,1,2
  fluorosynth reproduce --data weiss --full --out reproduced --only table5,fig6
  fluorosynth reproduce --surrogate --quick --out reproduced --dry-run

Stopped at any moment, the same command goes on. Writes report.html and report.md.
"""

BUSY = 1.3  # times as long: worth saying


@click.command(epilog=EXAMPLES)
@click.option("--data", type=click.Path(path_type=Path), help="Folder of the WEISS files.")
@click.option("--surrogate", is_flag=True, help="Make the real data instead: the pattern only.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of all steps.")
@click.option("--quick", is_flag=True, help="Small pictures, few of them, few epochs: minutes.")
@click.option("--full", is_flag=True, help="The published counts: hours on a GPU.")
@click.option(
    "--only",
    default="",
    help="Of table2 to table6, fig2 to fig7, video, such as table5,fig6. Default: all.",
)
@click.option("--dry-run", is_flag=True, help="Say what will be run, and how long it may take.")
@click.option("--seeds", default="0", show_default=True, help="Such as 0,1,2: each a whole run.")
@click.option(
    "--s1",
    default="240",
    show_default=True,
    type=click.Choice(["240", "quarter"]),
    help='Frames of S1: Table 3\'s, or "25 %" of each sequence.',
)
@click.option(
    "--s2",
    default="714",
    show_default=True,
    type=click.Choice(["714", "493"]),
    help="Frames that S2 is fine-tuned on: section 4.1, or sections 1 and 5.",
)
@click.option(
    "--layers",
    default="23-29",
    show_default=True,
    type=click.Choice(["23-29", "22-29"]),
    help='"22th to 29th" are eight; seven are named.',
)
@click.option(
    "--false-positives",
    default="image",
    show_default=True,
    type=click.Choice(["image", "background"]),
    help="What their percentage is of.",
)
@click.option(
    "--gain",
    default="difference",
    show_default=True,
    type=click.Choice(["difference", "ratio"]),
    help='Of Fig. 6: "by 0.81", or "81 %".',
)
@click.option(
    "--threshold",
    default="paper",
    show_default=True,
    type=click.Choice(["paper", "half"]),
    help="On maps: .01 (eq. 1) or .5.",
)
@click.option(
    "--mean",
    default="sequences",
    show_default=True,
    type=click.Choice(["sequences", "frames"]),
    help='What "average Dice" is over.',
)
@click.option("--device", default="auto", show_default=True, help="cuda, mps, cpu, ...")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    data: Path | None,
    surrogate: bool,
    out: Path,
    quick: bool,
    full: bool,
    only: str,
    dry_run: bool,
    seeds: str,
    quiet: bool,
    **readings: Any,
) -> None:
    """Run the publication's experiments and set its tables beside what comes out."""
    loading(quiet)
    from fluorosynth.errors import UsageError
    from fluorosynth.learn.reproduce.config import ReproduceConfig
    from fluorosynth.learn.reproduce.report import write_reports
    from fluorosynth.learn.reproduce.run import STEPS, pick_tables, plan, reproduce

    if surrogate == (data is not None):
        raise UsageError("name the WEISS files by --data, or make a --surrogate: one of them")
    if quick == full:
        raise UsageError("choose --quick or --full")
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file: name a folder")
    try:
        readings["seeds"] = tuple(int(seed) for seed in seeds.split(","))
    except ValueError:
        raise UsageError(f"--seeds {seeds!r}: write whole numbers such as 0,1,2") from None
    make = ReproduceConfig.quick if quick else ReproduceConfig
    config = make(**readings)
    tables = pick_tables([name.strip() for name in only.split(",") if name.strip()])
    if dry_run:
        if not quiet:
            click.echo("timing a few pictures of each network", err=True)
        _say_plan(*plan(config, data, tables, out), config.size, out / STEPS, config.device)
        return
    out.mkdir(parents=True, exist_ok=True)

    def told(task: Task, number: int, total: int) -> None:
        if not quiet:
            click.echo(f"step {number} of {total}: {task.name}", err=True)

    found = reproduce(config, data, tables, out, told, quiet)
    write_reports(found, out)
    if not quiet:
        click.echo((out / "report.md").read_text("utf-8"))
        click.echo(out / "report.html")


def _say_plan(steps: list[Task], left: list[Task], size: int, root: Path, device: str) -> None:
    from fluorosynth.learn.reproduce.estimate import costs

    found = costs(steps, size, root, device)
    for task in steps:
        state = "to do" if task in left else "done "
        length = f"{found[task.key].alone / 60:8.1f} min" if task.key in found else ""
        click.echo(f"{state}  {task.name + '-' + task.key:<34}{length}")
    of_left = [found[task.key] for task in left if task.key in found]
    alone, now = (sum(getattr(cost, name) for cost in of_left) / 60 for name in ("alone", "now"))
    busy = f", {now:.0f} min beside what else it does now" if now > BUSY * alone else ""
    count = f"{len(left)} of {len(steps)} steps to do"
    click.echo(f"{count}, about {alone:.0f} min on this machine alone{busy}")
