"""A few frames of a source as pictures, spread over all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.atomic import replacing
from fluorosynth.io.contact_sheet import png_bytes
from fluorosynth.io.frames import count_frames, read_frames
from fluorosynth.io.names import stem
from fluorosynth.io.place import local
from fluorosynth.io.sources import find_sources, refuse_within, root_of


def spread_frames(src: str | Path, count: int) -> list[tuple[Path, list[int]]]:
    """Return which frames to take of each file: ``count`` of them, evenly spread over all.

    Parameters
    ----------
    src
        File, folder or glob.
    count
        Number of frames, >= 1; all where there are not more.

    Returns
    -------
    list of tuple
        Files in natural order with the numbers of their frames; files without any are left out.

    Raises
    ------
    BadDataError
        When a file cannot be read.
    UsageError
        When ``count`` is below 1.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/run.npy", np.zeros((9, 32, 48), np.uint8))
    ...     [(path.name, wanted) for path, wanted in spread_frames(folder, 3)]
    [('run.npy', [1, 4, 7])]
    """
    if count < 1:
        raise UsageError(f"`count` must be at least 1, not {count}")
    sources = find_sources(src)
    counts = np.array([count_frames(source) for source in sources])
    total = int(counts.sum())
    room = min(count, total)
    picks = (2 * np.arange(room) + 1) * total // (2 * max(room, 1))
    ends = np.cumsum(counts)
    parts = np.split(picks, np.searchsorted(picks, ends)[:-1])
    begins = (ends - counts).tolist()
    chosen = zip(sources, parts, begins, strict=True)
    return [(source, (part - start).tolist()) for source, part, start in chosen if len(part)]


def write_spread(
    src: str | Path,
    out: str | Path,
    count: int = 5,
    written: Callable[[Path], None] | None = None,
    invert: bool = False,
) -> list[Path]:
    """Write frames that are spread over a source as PNG, to be labelled.

    Frame 12 of ``run.dcm`` becomes ``run_00012.png``; its mask will be ``run_00012_mask.png``. A
    file of one frame keeps its name.

    Parameters
    ----------
    src
        File, folder or glob.
    out
        Folder of the pictures; files of their names are replaced, others stay.
    count
        Number of frames, >= 1.
    written
        Called with each file that was written; None: nothing is.
    invert
        Whether dense material is bright in the source; it is dark in what is written.

    Returns
    -------
    list of Path
        Files that were written, in the order of the frames.

    Raises
    ------
    BadDataError
        When a file cannot be read, or two frames would have one name.
    UsageError
        When ``count`` is below 1, or ``out`` is a file or lies in ``src``.
    """
    out, root = local(out), root_of(src)
    if out.exists() and not out.is_dir():
        raise UsageError(f"`out` {out} is a file: name a folder")
    refuse_within(out, src)
    done: dict[Path, Path] = {}
    for source, wanted in spread_frames(src, count):
        name = stem(source.relative_to(root).as_posix())
        several = count_frames(source) > 1
        for frame in read_frames(source, wanted, invert):
            path = out / (f"{name}_{frame.index:05d}.png" if several else f"{name}.png")
            if path in done:
                raise BadDataError(
                    f"{source} and {done[path]} would both be written to {path.name}: rename one"
                )
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path, sync=False) as part:
                part.write_bytes(png_bytes(frame.image))
            done[path] = source
            if written:
                written(path)
    return list(done)
