"""``fluorosynth verify``: check every byte of a set."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from fluorosynth_cli.counted import counted
from fluorosynth_cli.data_options import set_place

EXAMPLES = """
\b
Examples:
  fluorosynth verify data/synthetic
  fluorosynth verify data/synthetic --deep
"""


@click.command(epilog=EXAMPLES)
@click.argument("folder", callback=set_place)
@click.option("--deep", is_flag=True, help="Also make every sample again and compare bytes.")
@click.option("--quiet", is_flag=True, help="No progress, no summary.")
def command(folder: Path | str, deep: bool, quiet: bool) -> None:
    """Check every checksum of the set in FOLDER."""
    from fluorosynth.dataset.manifest import read_manifest

    manifest = read_manifest(folder)
    _files(folder, len(manifest.shards), quiet)
    if deep:
        _samples(folder, manifest.recipe, manifest.seed, manifest.n, quiet)
    if not quiet:
        again = ", made again and equal byte for byte" if deep else ""
        samples, shards = counted(manifest.n, "sample"), counted(len(manifest.shards), "shard")
        click.echo(f"{samples} in {shards}: intact{again}")


def _files(folder: Path | str, shards: int, quiet: bool) -> None:
    from tqdm import tqdm

    from fluorosynth.dataset.manifest import inside
    from fluorosynth.dataset.verification import verify
    from fluorosynth.errors import BadDataError

    progress = tqdm(verify(folder), total=shards, unit="shard", file=sys.stderr, disable=quiet)
    wrong = [(name, problems) for name, problems in progress if problems]
    if wrong:
        names = shlex.join(inside(folder, name) for name, _ in wrong)
        remove = "" if isinstance(folder, str) else "rm "
        said = "\n".join(problem for _, problems in wrong for problem in problems[:10])
        raise BadDataError(
            f"{said}\n{len(wrong)} of {counted(shards, 'shard')} damaged. Delete what is, and run "
            f"the generate command again: nothing else is made anew.\n  {remove}{names}"
        )


def _samples(folder: Path | str, recipe: str, seed: int, n: int, quiet: bool) -> None:
    from tqdm import tqdm

    from fluorosynth.dataset.verification import verify_deep
    from fluorosynth.errors import BadDataError
    from fluorosynth.recipe import Recipe

    sampler = Recipe.from_toml(recipe, "the set's recipe").open(seed)
    progress = tqdm(
        verify_deep(folder, sampler), total=n, unit="image", file=sys.stderr, disable=quiet
    )
    differ = [index for index, equal in progress if not equal]
    if differ:
        raise BadDataError(
            f"{len(differ)} of {n} samples differ when made again, first {differ[0]}: other "
            f"versions, a changed source, or a stage that is no pure function. See it: fluorosynth "
            f"info {shlex.quote(str(folder))} --recipe > set.toml && fluorosynth sample --recipe "
            f"set.toml --seed {seed} --index {differ[0]} --out x.png"
        )
