"""Real frames in, instrument-free patches out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from fluorosynth.errors import BadDataError
from fluorosynth.io.frames import find_sources, read_frames, root_of
from fluorosynth.io.pairing import MaskFolder
from fluorosynth.patches.choose import Candidate, choose, thumbnail
from fluorosynth.patches.search import Search
from fluorosynth.patches.sights import Sight, sights
from fluorosynth.patches.windows import Patch, Window, cut, draw_squares

SOURCES = 4  # files looked at per patch wanted, at most

Track = Callable[[Iterable[Path]], Iterable[Path]]
Report = Callable[[BadDataError], None]


def extract_patches(
    src: str | Path,
    search: Search | None = None,
    seed: int = 0,
    *,
    track: Track = iter,
    on_bad: Report | None = None,
) -> list[Patch]:
    """Cut instrument-free windows out of real frames.

    Without masks, where an instrument lies is estimated: by `sequence_scores` in a file of 8 frames
    or more, else by `instrument_score`. Look at the result.

    Parameters
    ----------
    src
        File, folder or glob of frames.
    search
        Settings: how many, how large, how clean.
    seed
        Equal seeds give equal patches.
    track
        Wraps the files as they are looked at, e.g. ``tqdm``.
    on_bad
        Called with the error of a file that cannot be read, which is then skipped; by default the
        error is raised.

    Returns
    -------
    ``search.count`` patches, or those that were found.

    Raises
    ------
    BadDataError
        When a file cannot be read, or a mask is missing or of another size.
    """
    search = search or Search()
    root = root_of(src)
    folder = Path(search.masks) if search.masks else None
    sources = find_sources(src, masks=folder)
    masks = None if folder is None else MaskFolder(folder)
    rng = np.random.default_rng(seed)
    share = math.ceil(2 * search.count / max(len(sources), 1))
    candidates: list[Candidate] = []
    for source in track(_thinned(sources, SOURCES * search.count, rng)):
        name = source.relative_to(root).as_posix()
        try:
            for sight in sights(source, name, share, search, masks):
                candidates += _candidates(name, sight, search, rng)
        except BadDataError as error:
            if on_bad is None:
                raise
            on_bad(error)
    return cut_patches(root, choose(candidates, search.count), search.size)


def cut_patches(root: Path, windows: Sequence[Window], size: int) -> list[Patch]:
    """Cut windows out of files; the patches come in the same order.

    Parameters
    ----------
    root
        Folder that the windows' files are named relative to.
    windows
        Rectangles to cut.
    size
        Side of a patch, px.

    Raises
    ------
    BadDataError
        Naming the file when it is missing, broken or too small.
    """
    images = {}
    order = sorted(windows, key=lambda window: (window.source, window.frame))
    for source, group in groupby(order, key=lambda window: window.source):
        mine = list(group)
        for frame in read_frames(root / source, sorted({window.frame for window in mine})):
            for window in mine:
                if window.frame == frame.index:
                    images[window] = cut(frame.image, window, size)
    return [Patch(images[window], window) for window in windows]


def _candidates(
    name: str, sight: Sight, search: Search, rng: np.random.Generator
) -> list[Candidate]:
    view = thumbnail(sight.frame.image)
    squares = draw_squares(
        sight.free, sight.score, rng, smallest=search.least_side, ceiling=search.ceiling
    )
    return [
        Candidate(Window(name, sight.frame.index, x, y, side, side, score), view)
        for x, y, side, score in squares
    ]


def _thinned(sources: list[Path], most: int, rng: np.random.Generator) -> list[Path]:
    if len(sources) <= most:
        return sources
    return [sources[i] for i in sorted(rng.choice(len(sources), most, replace=False))]
