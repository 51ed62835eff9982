"""``fluorosynth patches``: real frames in, instrument-free patches out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import warn

import click

from fluorosynth.errors import BadDataError, DataWarning
from fluorosynth_cli.counted import counted
from fluorosynth_cli.data_options import (
    invert_option,
    mask_values,
    say_left_out,
    say_polarity,
    values_of,
)
from fluorosynth_cli.learn_options import loading
from fluorosynth_cli.progress import counted_on

if TYPE_CHECKING:
    from fluorosynth.patches.detected import Detector
    from fluorosynth.patches.extract import Told
    from fluorosynth.patches.search import Search

EXAMPLES = """
\b
Examples:
  fluorosynth patches run.dcm --out patches
  fluorosynth patches frames/ --masks masks/ --out patches --count 64
  fluorosynth patches frames/ --manifest patches/patches.csv --out again

Without --masks, where the instrument lies is an ESTIMATE: look at contact_sheet.png and
windows.png, and strike out a bad patch by deleting its line in patches.csv.
"""


@click.command(epilog=EXAMPLES)
@click.argument("src")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A new folder.")
@click.option("--masks", default="", help="Folder of instrument masks, named like the frames.")
@mask_values
@click.option(
    "--model",
    "source",
    default="default",
    show_default=True,
    help="Network that finds instruments without --masks, where PyTorch is installed; or none.",
)
@click.option("--device", default="auto", show_default=True, help="cuda, mps, cpu, ...")
@click.option("--count", default=32, show_default=True, help="Patches wanted.")
@click.option("--size", default=256, show_default=True, help="Side of a patch, px.")
@click.option(
    "--smallest", default=0, help="Least side of a window, px of the frame [default: size / 2]."
)
@click.option(
    "--ceiling",
    default=0.2,
    show_default=True,
    help="How instrument-like a window may look without --masks, 0 to 1.",
)
@click.option(
    "--temporal/--no-temporal",
    default=True,
    show_default=True,
    help="Look for what moves in files of 8 frames or more, without --masks.",
)
@click.option(
    "--manifest",
    type=click.Path(path_type=Path),
    help="Cut the windows that this patches.csv lists, instead of searching.",
)
@click.option("--strict", is_flag=True, help="Exit with 3 when fewer than --count are found.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Random seed.")
@invert_option
@click.option("--skip-bad", is_flag=True, help="Leave out files that cannot be read.")
@click.option("--quiet", is_flag=True, help="No progress, no summary.")
def command(
    src: str,
    out: Path,
    masks: str,
    source: str,
    device: str,
    count: int,
    size: int,
    smallest: int,
    instrument: tuple[int, ...],
    ignore: int | None,
    threshold: int | None,
    ceiling: float,
    temporal: bool,
    manifest: Path | None,
    strict: bool,
    seed: int,
    invert: bool,
    skip_bad: bool,
    quiet: bool,
) -> None:
    """Cut instrument-free patches out of the real frames SRC (a file, a folder, a glob)."""
    from importlib.util import find_spec

    from fluorosynth.io.sources import root_of
    from fluorosynth.io.whole_folder import made_before
    from fluorosynth.patches.extract import cut_patches, extract_patches
    from fluorosynth.patches.manifest import NAME, file_names, read_manifest
    from fluorosynth.patches.search import Search
    from fluorosynth.patches.write import write_patches

    installed = find_spec("torch") is not None
    # What a filter found is not what the network finds once PyTorch is there
    options = {**click.get_current_context().params, "source": source if installed else "none"}
    made_from = _made_from(options, src)
    if made_before(out, made_from):
        if not quiet:
            click.echo(f"{out} holds these patches already")
        if strict and manifest is None and (found := len(read_manifest(out / NAME))) < count:
            raise BadDataError(f"{out} holds {found} patches, not {count}")
        return
    if manifest is not None:
        windows = read_manifest(manifest)
        cuts = cut_patches(root_of(src), list(windows.values()), size, invert)
        write_patches(dict(zip(windows, cuts, strict=True)), out, made_from)
        _summary(len(cuts), out, quiet)
        return
    values = values_of(instrument, ignore, threshold)
    search = Search(count, size, masks, smallest, ceiling, temporal, values, invert)
    say_polarity(src, invert)
    detector = None if masks else _detector(source, device, installed, quiet)
    with _progress(quiet) as told:
        patches = extract_patches(
            src,
            search,
            seed,
            detector=detector,
            told=told,
            on_bad=say_left_out if skip_bad else None,
        )
    if patches:
        write_patches(dict(zip(file_names(len(patches)), patches, strict=True)), out, made_from)
        _summary(len(patches), out, quiet)
    if len(patches) < count:
        said = _too_few(len(patches), search, out)
        if strict or not patches:
            raise BadDataError(said)
        warn(said, DataWarning, stacklevel=1)


def _detector(source: str, device: str, installed: bool, quiet: bool) -> Detector | None:
    """Return the network that finds instruments; None where there is to be none, or no PyTorch."""
    if source == "none":
        return None
    if not installed:
        if not quiet:
            click.echo(
                "PyTorch is not installed, so a filter looks for instruments; a network finds more "
                "of them: pip install 'fluorosynth[train]'",
                err=True,
            )
        return None
    loading(quiet)
    from fluorosynth.learn.prediction.evidence import frame_evidence

    return frame_evidence(source, device)


def _made_from(options: dict[str, Any], src: str) -> dict[str, Any]:
    """Return what the patches depend on: the options, and the files by size and time."""
    from xxhash import xxh3_128

    from fluorosynth.io.sources import find_sources

    given = {
        k: str(v)
        for k, v in options.items()
        if k not in ("out", "quiet", "src", "strict", "device")
    }
    files = {str(p): [s.st_size, s.st_mtime_ns] for p in find_sources(src) for s in [p.stat()]}
    return {"options": given, "files": xxh3_128(repr(sorted(files.items())).encode()).hexdigest()}


@contextmanager
def _progress(quiet: bool) -> Iterator[Told]:
    """Show how many of all frames were looked at."""
    from tqdm import tqdm

    with tqdm(unit="frame", file=sys.stderr, disable=quiet) as bar:
        yield counted_on(bar)


def _summary(count: int, out: Path, quiet: bool) -> None:
    if not quiet:
        click.echo(
            f"{counted(count, 'patch')} in {out}; look at contact_sheet.png and windows.png in it"
        )


def _too_few(found: int, search: Search, out: Path) -> str:
    kept = f"; they are kept in {out}" if found else ""
    return (
        f"found {found} of {counted(search.count, 'patch')}{kept}; for more, give more frames or a "
        f"--smallest below {search.least_side} px"
    )
