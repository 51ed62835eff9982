"""The frames of a file, each with where a window may lie and what it would score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.io.frames import Frame, count_frames, read_frames
from fluorosynth.io.guard import quoted
from fluorosynth.io.pairing import MaskFolder
from fluorosynth.patches.curvilinear import instrument_score
from fluorosynth.patches.field import exposed_field
from fluorosynth.patches.masks import keep_off
from fluorosynth.patches.search import Search
from fluorosynth.patches.temporal import sequence_scores

SEQUENCE = 8  # frames from which a file counts as one
FRAMES = (12, 32)  # of a sequence that are looked at, at least and at most


@dataclass(frozen=True)
class Sight:
    """A frame, where a window may lie in it, and what it would score.

    Parameters
    ----------
    frame
        Frame that was read.
    free
        Pixels that a window may hold, ``(H, W)`` bool.
    score
        Likeness of each pixel to an instrument, ``(H, W)`` float32.
    """

    frame: Frame
    free: NDArray[np.bool_]
    score: NDArray[np.float32]


def sights(
    source: Path, name: str, share: int, search: Search, masks: MaskFolder | None = None
) -> Iterator[Sight]:
    """Look at evenly spaced frames of a file.

    Parameters
    ----------
    source
        File of frames.
    name
        Name of the file relative to the folder that was searched.
    share
        Number of frames to look at, about.
    search
        Settings of the search.
    masks
        Folder of the frames' masks; None: instruments are estimated.
    """
    total = count_frames(source)
    if masks is not None:
        return _masked(source, name, total, share, masks, search)
    if search.temporal and total >= SEQUENCE:
        return _sequence(source, _spaced(range(total), min(max(share, FRAMES[0]), FRAMES[1])))
    return _alone(source, _spaced(range(total), min(share, FRAMES[1])))


def _masked(
    source: Path, name: str, total: int, share: int, masks: MaskFolder, search: Search
) -> Iterator[Sight]:
    found = {frame: masks.of(name, frame) for frame in range(total)}
    known = {frame: mask for frame, mask in found.items() if mask is not None}
    if not known:
        raise BadDataError(
            f"{quoted(source)} has no mask of the same name in {quoted(masks.folder)}"
        )
    for frame in read_frames(source, _spaced(list(known), min(share, FRAMES[1]))):
        yield Sight(frame, _free(frame), keep_off(known[frame.index], frame, search.mask_values))


def _sequence(source: Path, wanted: Sequence[int]) -> Iterator[Sight]:
    frames = list(read_frames(source, wanted))
    if not frames:  # a video's header may claim what is not there
        return
    free = np.logical_and.reduce([_free(frame) for frame in frames])
    scores = sequence_scores(np.stack([frame.image for frame in frames]), free)
    for frame, score in zip(frames, scores, strict=True):
        yield Sight(frame, free, score)


def _alone(source: Path, wanted: Sequence[int]) -> Iterator[Sight]:
    for frame in read_frames(source, wanted):
        free = _free(frame)
        yield Sight(frame, free, instrument_score(frame.image, free))


def _free(frame: Frame) -> NDArray[np.bool_]:
    free = exposed_field(frame.image)
    return free if frame.field is None else free & frame.field


def _spaced(frames: Sequence[int], wanted: int) -> list[int]:
    picks = np.linspace(0, len(frames) - 1, min(len(frames), max(wanted, 1)))
    return [frames[int(pick)] for pick in picks]
