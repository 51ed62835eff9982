"""``fluorosynth generate``: a recipe in, shards out."""

from __future__ import annotations

import os
import re
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fluorosynth.core.cores import free_cores
from fluorosynth.dataset.job_array import parse_part
from fluorosynth.errors import InterruptedRunError, SampleError, UsageError
from fluorosynth_cli.counted import counted
from fluorosynth_cli.data_options import invert_option, say_polarity, set_place
from fluorosynth_cli.progress import make_loops_ready, progress
from fluorosynth_cli.recipe_options import changed, pick_recipe

if TYPE_CHECKING:
    from fluorosynth.dataset.engine import Engine
    from fluorosynth.dataset.job_scripts import Kind
    from fluorosynth.recipe import Recipe

EXAMPLES = """
\b
Examples:
  fluorosynth generate --n 9000 --out data/synthetic
  fluorosynth generate --n 9000 --out data/mine --backgrounds patches --devices traced.json
  fluorosynth generate --n 9000 --out data/soft --set jitter.amount=20 --workers 4
  fluorosynth generate --n 9000 --out data/mine --recipe my.toml --dry-run
  fluorosynth generate --n 1000 --out data/moving --recipe physics --frames 8
  fluorosynth generate --n 1000000 --out /shared/set --part 3/64   # one of 64 machines
  fluorosynth generate --n 1000000 --out /shared/set --finish      # when all are through
  fluorosynth generate --n 1000000 --out s3://bucket/set --engine dask --scheduler tcp://head:8786

Interrupted at any moment, the same command goes on and ends with the same bytes.
"""


@click.command(epilog=EXAMPLES)
@click.option("--n", required=True, type=click.IntRange(1, 2**40), help="Number of samples.")
@click.option(
    "--out", required=True, callback=set_place, help="Folder of the set, or s3://bucket/set, ..."
)
@click.option("--recipe", default="paper", show_default=True, help="A preset or a TOML file.")
@click.option("--backgrounds", help="Frames or patches: a file, a folder, a glob.")
@click.option("--devices", help="Masks (a folder of PNGs) or centrelines (JSON, CSV).")
@click.option(
    "--frame-size",
    nargs=2,
    type=click.IntRange(1),
    metavar="H W",
    help="Of the frames that centrelines are in, px, where their file does not say.",
)
@click.option("--frames", type=click.IntRange(1), help="Pictures of each sample: a sequence.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**64 - 1))
@click.option("--size", type=int, help="Side of the pictures, px.")
@click.option("--workers", type=click.IntRange(1), help="Processes [default: one per free core].")
@click.option("--shard-size", type=click.IntRange(1), help="Samples a file [500 pictures].")
@click.option("--compress", is_flag=True, help="gzip the pictures: smaller, ten times slower.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="jitter.amount=20, ...")
@click.option("--skip-bad", is_flag=True, help="Leave out files that cannot be read.")
@invert_option
@click.option("--dry-run", is_flag=True, help="Say what would be written, how large, how long.")
@click.option("--part", metavar="I/N", help="Write part I of N alone; auto, auto/N: a job array's.")
@click.option("--finish", is_flag=True, help="Check that all parts are there; write the card.")
@click.option(
    "--job",
    type=click.Choice(["slurm", "kubernetes"]),
    help="Print a script that writes the set in N parts, as --part I/N says.",
)
@click.option(
    "--engine",
    type=click.Choice(["processes", "dask"]),
    default="processes",
    show_default=True,
    help="Who makes the shards: --workers processes here, or a Dask cluster.",
)
@click.option("--scheduler", metavar="ADDRESS", help="Of the Dask cluster: tcp://10.0.0.1:8786.")
@click.option("--preview", type=click.IntRange(1, 256), metavar="K", help="Open with K pictures.")
@click.option("--no-cache", is_flag=True, help="Render all backgrounds anew; keep none on disk.")
@click.option("--quiet", is_flag=True, help="No progress, no summary.")
def command(
    n: int,
    out: Path | str,
    recipe: str,
    backgrounds: str | None,
    devices: str | None,
    frame_size: tuple[int, int] | None,
    frames: int | None,
    seed: int,
    size: int | None,
    workers: int | None,
    shard_size: int | None,
    compress: bool,
    settings: tuple[str, ...],
    skip_bad: bool,
    invert: bool,
    dry_run: bool,
    part: str | None,
    finish: bool,
    job: Kind | None,
    engine: str,
    scheduler: str | None,
    preview: int | None,
    no_cache: bool,
    quiet: bool,
) -> None:
    """Make N labelled pictures, or sequences of pictures, and write them as HDF5 shards."""
    import cv2

    from fluorosynth.core.numba_cache import load_numba

    load_numba()
    cv2.setNumThreads(1)
    if no_cache:
        from fluorosynth.io.cache import OFF

        os.environ["FLUOROSYNTH_CACHE"] = OFF  # workers inherit it
    picked = pick_recipe(recipe)
    chosen = changed(
        picked, settings, backgrounds, devices, size, skip_bad, frames, frame_size, invert, quiet
    )
    _together(job=job, finish=finish, dry_run=dry_run)
    _together(finish=finish, part=part)
    _together(job=job, scheduler=scheduler)
    if job is not None:
        hours = _estimate(chosen, n, seed, out, shard_size, "")
        click.echo(_script(job, part, hours), nl=False)
        return
    if backgrounds is not None:
        say_polarity(backgrounds, invert)
    if dry_run:
        _estimate(chosen, n, seed, out, shard_size, "at most" if compress else "about")
        return
    if finish:
        _finish(chosen, n, seed, out, shard_size, quiet)
        return
    if str(out).startswith("memory://"):
        click.echo(f"Warning: {out} is in the memory of this command, and ends with it", err=True)
    cluster = _cluster(engine, scheduler)
    own = None if part is None else parse_part(part, os.environ)
    make_loops_ready(chosen, quiet, workers or 0)
    if preview:
        _preview(chosen, seed, min(n, preview), out, own is not None, quiet)
    try:
        cores = workers or free_cores()
        _generate(chosen, n, seed, out, cores, shard_size, compress, quiet, own, cluster)
    except SampleError as error:
        named = {"recipe": recipe, "backgrounds": backgrounds, "devices": devices, "size": size}
        options = [word for key, v in named.items() if v for word in (f"--{key}", str(v))]
        options += [word for setting in settings for word in ("--set", setting)]
        options += ["--skip-bad"] * skip_bad + ["--invert"] * invert
        options += ["--frame-size", *map(str, frame_size)] if frame_size else []
        options += ["--set", f"frames={frames}"] if frames else []
        options += ["--seed", str(seed), "--index", str(error.index), "--out", "x.png"]
        again = shlex.join(["fluorosynth", "sample", *options])
        error.reason += f"\nSee it again: {again}"
        raise


def _generate(
    recipe: Recipe,
    n: int,
    seed: int,
    out: Path | str,
    workers: int,
    shard_size: int | None,
    compress: bool,
    quiet: bool,
    part: tuple[int, int] | None,
    cluster: Engine | None,
) -> None:
    from fluorosynth.dataset.generation import generate, plan_of
    from fluorosynth.dataset.manifest import PREVIEW, inside

    started = time.perf_counter()
    unit = "image" if recipe.frames == 1 else "sequence"
    plan = plan_of(recipe, out, n, shard_size)
    total = n if part is None else sum(plan.span(number)[1] for number in plan.numbers(part))
    with progress(total, unit, quiet, smoothing=0.1) as bar:
        compression = "gzip" if compress else None
        options = shard_size, compression, bar.update, part, cluster
        outcome = generate(recipe, out, n, seed, workers, *options)
    if quiet:
        return
    seconds = time.perf_counter() - started
    made_by = counted(workers, "worker") if cluster is None else "a Dask cluster"
    size = sum(plan.store.shards().values())
    click.echo(
        f"{counted(total, 'sample')} in {out}: {size / 1e6:.0f} MB; "
        f"made {outcome.made} in {seconds:.1f} s "
        f"({outcome.made / seconds:.0f} {unit}s/s, {made_by})"
    )
    for said in outcome.skipped:
        click.echo(f"left out: {said}", err=True)
    if part is not None:
        click.echo("when all parts are there: the same command with --finish instead of --part")
        return
    click.echo(f"look: {inside(out, PREVIEW)}   check: fluorosynth verify {out}")


def _together(**given: object) -> None:
    """Refuse options of which only one can be obeyed."""
    if len(named := [f"`{name}`" for name, value in given.items() if value]) > 1:
        raise UsageError(f"{' and '.join(named)} do not go together")


def _cluster(engine: str, scheduler: str | None) -> Engine | None:
    """Return the engine that is asked for; None of this machine's processes."""
    if (engine == "dask") != (scheduler is not None):
        raise UsageError("`engine` dask and `scheduler` ADDRESS go together")
    if scheduler is None:
        return None
    from fluorosynth.dataset.dask_engine import Dask

    return Dask(scheduler)


def _estimate(
    recipe: Recipe, n: int, seed: int, out: Path | str, shard_size: int | None, about: Path | str
) -> float:
    """Say what would be written, unless ``about`` is empty; return the core hours."""
    from fluorosynth.dataset.generation import plan_of

    plan = plan_of(recipe, out, n, shard_size)
    sampler = recipe.open(seed)
    marks = [time.perf_counter()]
    for index in range(min(n, -(-512 // plan.frames))):  # the first ones also fill the sources
        sampler.sequence(index)
        marks.append(time.perf_counter())
    tail = marks[-len(marks) // 4 :]
    each = (tail[-1] - tail[0]) / max(len(tail) - 1, 1)
    seconds = marks[-1] - marks[0] + each * (n - len(marks) + 1)
    if not about:
        return seconds / 3600
    free = plan.store.free()
    room = "" if free is None else f" ({free / 1e9:.1f} GB free)"
    runs = f" of {plan.frames} frames" if plan.frames > 1 else ""
    click.echo(
        f"would write {counted(n, 'sample')}{runs} of {recipe.size} px as "
        f"{counted(plan.shards, 'shard')} in {out}: "
        f"{about} {plan.bytes / 1e6:.1f} MB{room}, "
        f"about {seconds:.0f} s on one core ({seconds / 3600:.2g} core hours)\n"
        "in parts on a cluster: --job slurm or --job kubernetes prints a script"
    )
    return seconds / 3600


def _script(job: Kind, part: str | None, hours: float) -> str:
    """Return a job script for the command as it was typed, less what asks for the script."""
    from fluorosynth.dataset.job_scripts import job_script

    found = re.fullmatch(r"(?:auto|1)/(\d{1,6})", part or "auto/8")
    if found is None or not int(found[1]):
        raise UsageError(f"part {part!r}: with a job script write auto/64 for 64 jobs")
    words = ["fluorosynth", "generate", *_typed({"job", "part", "quiet"})]
    return job_script(job, words, int(found[1]), hours)


def _typed(without: set[str]) -> list[str]:
    """Return the options that were given, as words of a command line."""
    context, words = click.get_current_context(), list[str]()
    for option in context.command.params:
        name, source = option.name or "", click.core.ParameterSource.COMMANDLINE
        if name in without or context.get_parameter_source(name) is not source:
            continue
        value, flag = context.params[name], option.opts[0]
        if value is True:
            words.append(flag)
        else:
            rows = value if option.multiple else [value]
            for row in rows:
                words += [flag, *map(str, row if isinstance(row, tuple) else [row])]
    return words


def _finish(
    recipe: Recipe, n: int, seed: int, out: Path | str, shard_size: int | None, quiet: bool
) -> None:
    from fluorosynth.dataset.generation import MissingShardsError, finish
    from fluorosynth.dataset.manifest import PREVIEW, inside

    try:
        finish(recipe, out, n, seed, shard_size)
    except MissingShardsError as error:
        few = [f"  --part {number + 1}/{error.shards}" for number in error.numbers[:8]]
        more = f"\n  and {len(error.numbers) - 8} more" if len(error.numbers) > 8 else ""
        raise InterruptedRunError(
            f"{error}\nThe same command without --finish makes all of them here; each alone, "
            "anywhere, is made with\n" + "\n".join(few) + more
        ) from None
    if not quiet:
        click.echo(f"{counted(n, 'sample')} in {out}: complete")
        click.echo(f"look: {inside(out, PREVIEW)}   check: fluorosynth verify {out}")


def _preview(
    recipe: Recipe, seed: int, count: int, out: Path | str, shared: bool, quiet: bool
) -> None:
    from fluorosynth.dataset.manifest import inside
    from fluorosynth.dataset.preview import preview_sheet, spread_out
    from fluorosynth.dataset.store import FIRST, open_store
    from fluorosynth.io.contact_sheet import png_bytes

    sampler = recipe.open(seed)
    sequences = [sampler.sequence(index) for index in range(count)]
    shown = spread_out(recipe.frames, 4)
    sheet = preview_sheet([frames[t] for frames in sequences for t in shown])
    store = open_store(out)
    with store.held(shared):
        store.put(FIRST, png_bytes(sheet))
    if not quiet:
        click.echo(f"the first {count}: {inside(out, FIRST)}")
