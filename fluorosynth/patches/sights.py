"""The frames of a file, each with where a window may lie and what it would score."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.io.frames import Frame, count_frames, frames_together, read_frames
from fluorosynth.io.guard import quoted
from fluorosynth.io.pairing import MaskFolder
from fluorosynth.patches.curvilinear import instrument_score
from fluorosynth.patches.detected import Detector, Map, detected_scores, finds
from fluorosynth.patches.field import exposed_field
from fluorosynth.patches.masks import keep_off
from fluorosynth.patches.search import Search
from fluorosynth.patches.temporal import resting_scores, sequence_scores

SEQUENCE = 8  # frames from which a file counts as one
FRAMES = (12, 32)  # of a sequence that are looked at, at least and at most
UNSURE = 0.2  # weight of curves that a network, which found others, takes for no instrument


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


def planned(source: Path, share: int, search: Search) -> list[int]:
    """Return which frames of a file are looked at, without masks: evenly spaced ones.

    Parameters
    ----------
    source
        File of frames.
    share
        Number of frames to look at, about.
    search
        Settings of the search.
    """
    total = count_frames(source)
    if search.temporal and total >= SEQUENCE and frames_together(source) == total:
        share = max(share, FRAMES[0])
    return _spaced(range(total), min(share, FRAMES[1]))


def sights(
    source: Path,
    wanted: Sequence[int],
    search: Search,
    detector: Detector | None = None,
    looked: Callable[[], object] = lambda: None,
) -> Iterator[Sight]:
    """Look at frames of a file, and estimate where instruments are.

    Parameters
    ----------
    source
        File of frames.
    wanted
        Numbers of the frames, ascending.
    search
        Settings of the search.
    detector
        Function from a frame to the map of instruments in it; None: a filter of ridges.
    looked
        Called after each frame.

    Yields
    ------
    Sight
        One per frame.
    """
    frames = read_frames(source, wanted, search.invert)
    one_view = frames_together(source) == count_frames(source)
    if search.temporal and len(wanted) >= SEQUENCE and one_view:
        return _sequence(list(frames), detector, looked)
    return _alone(frames, detector, looked)


def masked_sights(
    source: Path,
    name: str,
    share: int,
    search: Search,
    masks: MaskFolder,
    looked: Callable[[], object] = lambda: None,
) -> Iterator[Sight]:
    """Look at evenly spaced frames of a file that have masks.

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
        Folder of the frames' masks.
    looked
        Called after each frame.

    Yields
    ------
    Sight
        One per frame.

    Raises
    ------
    BadDataError
        When there is no mask, or one of another size.
    """
    found = {frame: masks.of(name, frame) for frame in range(count_frames(source))}
    known = {t: mask for t, mask in found.items() if mask is not None and mask.path != source}
    if not known:
        raise BadDataError(
            f"{quoted(source)} has no mask of the same name in {quoted(masks.folder)}"
        )
    wanted = _spaced(list(known), min(share, FRAMES[1]))
    for frame in read_frames(source, wanted, search.invert):
        yield Sight(frame, _free(frame), keep_off(known[frame.index], frame, search.mask_values))
        looked()


def _sequence(
    frames: list[Frame],
    detector: Detector | None,
    looked: Callable[[], object],
) -> Iterator[Sight]:
    if not frames:  # a video's header may claim what is not there
        return
    free = np.logical_and.reduce([_free(frame) for frame in frames])
    images = np.stack([frame.image for frame in frames])
    maps = _maps(images, detector)
    estimated = sequence_scores if maps is None else resting_scores
    scores = []
    for score in estimated(images, free):
        scores.append(score)
        looked()
    if maps is not None:
        pairs = zip(detected_scores(maps), scores, strict=True)
        scores = [np.maximum(found, UNSURE * score) for found, score in pairs]
    for frame, score in zip(frames, scores, strict=True):
        yield Sight(frame, free, score)


def _alone(
    frames: Iterator[Frame],
    detector: Detector | None,
    looked: Callable[[], object],
) -> Iterator[Sight]:
    for frame in frames:
        free = _free(frame)
        score = instrument_score(frame.image, free)
        if (maps := _maps(frame.image[None], detector)) is not None:
            score = np.maximum(detected_scores(maps)[0], UNSURE * score)
        looked()
        yield Sight(frame, free, score)


def _maps(images: NDArray[np.uint8], detector: Detector | None) -> list[Map] | None:
    """Return the detector's maps; None where it finds nothing, which proves nothing."""
    if detector is None:
        return None
    maps = [detector(image) for image in images]
    return maps if finds(maps) else None


def _free(frame: Frame) -> NDArray[np.bool_]:
    free = exposed_field(frame.image)
    return free if frame.field is None else free & frame.field


def _spaced(frames: Sequence[int], wanted: int) -> list[int]:
    picks = np.linspace(0, len(frames) - 1, min(len(frames), max(wanted, 1)))
    return [frames[int(pick)] for pick in picks]
