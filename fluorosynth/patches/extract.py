"""Real frames in, instrument-free patches out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from fluorosynth.errors import BadDataError
from fluorosynth.io.frames import read_frames
from fluorosynth.io.pairing import MaskFolder
from fluorosynth.io.sources import find_sources, root_of
from fluorosynth.io.square import resized
from fluorosynth.patches.choose import Candidate, choose, thumbnail
from fluorosynth.patches.detected import Detector
from fluorosynth.patches.look import Looks
from fluorosynth.patches.search import Search
from fluorosynth.patches.sights import Sight, masked_sights, planned, sights
from fluorosynth.patches.windows import Patch, Window, cut, draw_squares
from fluorosynth.sample import Image

SOURCES = 4  # files looked at per patch wanted, at most

VIEW = 320  # px, longer side of the frames that windows are drawn in

Told = Callable[[int, int], object]
Report = Callable[[BadDataError], None]


def extract_patches(
    src: str | Path,
    search: Search | None = None,
    seed: int = 0,
    *,
    detector: Detector | None = None,
    told: Told | None = None,
    on_bad: Report | None = None,
) -> list[Patch]:
    """Cut instrument-free windows out of real frames.

    Without masks, where an instrument lies is estimated: by the detector, and in files in which it
    finds nothing by a filter of ridges, `sequence_scores` of 8 frames or more, else
    `instrument_score`. Nearly black windows are passed over; of equal ones those with more
    structure come first. Look at the result.

    Parameters
    ----------
    src
        File, folder or glob of frames.
    search
        Settings: how many, how large, how clean.
    seed
        Equal seeds give equal patches.
    detector
        Function from a frame, ``(H, W)`` uint8, to the map of instruments in it, ``(H, W)`` float32
        in [0, 1], such as ``learn.prediction.evidence.frame_evidence`` gives; None: the filter
        alone.
    told
        Called with the number of frames looked at and that of all that will be.
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
    chosen = _thinned(sources, SOURCES * search.count, rng)
    frames = {source: _planned(source, share, search) for source in chosen}
    done, total = 0, sum(map(len, frames.values()))

    def looked() -> None:
        nonlocal done
        done += 1
        if told:
            told(done, total)

    if told:
        told(0, total)
    candidates: list[Candidate] = []
    for source, wanted in frames.items():
        name = source.relative_to(root).as_posix()
        try:
            if masks is not None:
                seen = masked_sights(source, name, share, search, masks, looked)
            else:
                seen = sights(source, wanted, search, detector, looked)
            for sight in seen:
                candidates += _candidates(name, sight, search, rng)
        except BadDataError as error:
            if on_bad is None:
                raise
            on_bad(error)
    chosen_windows = choose(candidates, search.count)
    return cut_patches(root, chosen_windows, search.size, search.invert)


def cut_patches(
    root: Path, windows: Sequence[Window], size: int, invert: bool = False
) -> list[Patch]:
    """Cut windows out of files; the patches come in the same order.

    Parameters
    ----------
    root
        Folder that the windows' files are named relative to.
    windows
        Rectangles to cut.
    size
        Side of a patch, px.
    invert
        Whether dense material is bright in the files.

    Raises
    ------
    BadDataError
        Naming the file when it is missing, broken or too small.
    """
    patches = dict[Window, Patch]()
    order = sorted(windows, key=lambda window: (window.source, window.frame))
    for source, group in groupby(order, key=lambda window: window.source):
        mine = list(group)
        for frame in read_frames(root / source, sorted({w.frame for w in mine}), invert):
            view, scale = _small(frame.image)
            for window in mine:
                if window.frame == frame.index:
                    patches[window] = Patch(cut(frame.image, window, size), window, view, scale)
    return [patches[window] for window in windows]


def _planned(source: Path, share: int, search: Search) -> list[int]:
    try:
        return planned(source, share, search)
    except BadDataError:  # said when its turn has come
        return [0]


def _small(image: Image) -> tuple[Image, float]:
    height, width = image.shape
    scale = min(1.0, VIEW / max(height, width))
    return resized(image, max(round(scale * height), 1), max(round(scale * width), 1)), scale


def _candidates(
    name: str, sight: Sight, search: Search, rng: np.random.Generator
) -> list[Candidate]:
    image = sight.frame.image
    view, looks = thumbnail(image), Looks(image, sight.free)
    shape = image.shape[1], image.shape[0], image.shape[1], image.shape[0]
    squares = draw_squares(
        sight.free,
        sight.score,
        rng,
        smallest=search.least_side,
        ceiling=search.ceiling,
        looks=looks,
    )
    return [
        Candidate(
            Window(name, sight.frame.index, x, y, side, side, score),
            view,
            looks.texture(x, y, side),
            shape,
        )
        for x, y, side, score in squares
    ]


def _thinned(sources: list[Path], most: int, rng: np.random.Generator) -> list[Path]:
    if len(sources) <= most:
        return sources
    return [sources[i] for i in sorted(rng.choice(len(sources), most, replace=False))]
