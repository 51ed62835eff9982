"""Which of many windows to keep: spread over files and frames, no two alike, best first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.patches.windows import Window
from fluorosynth.sample import Image

ALIKE = 0.9  # correlation of two frames' thumbnails above which they show one view
OVERLAP = 0.4  # intersection over union that two windows of one view may have
THUMBNAIL = 32


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A window, and what the frame that it lies in looks like.

    Parameters
    ----------
    window
        Rectangle in a frame.
    view
        Look of that frame: its ``thumbnail``.
    """

    window: Window
    view: NDArray[np.float32]


def thumbnail(frame: Image) -> NDArray[np.float32]:
    """Return a frame at 32 x 32, flattened float32 of zero mean and unit norm.

    Parameters
    ----------
    frame
        Frame, ``(H, W)`` uint8.
    """
    small = cv2.resize(frame, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)
    flat = small.astype(np.float32).ravel()
    flat -= flat.mean()
    return np.asarray(flat / max(float(np.linalg.norm(flat)), 1e-6))


def choose(candidates: Sequence[Candidate], count: int) -> list[Window]:
    """Return the best windows: files take turns, each with its best one.

    A file's best is the one of the least used frame, then of the least score (to a tenth), then the
    first given. The file with the best window goes first. Windows that overlap much are
    near-duplicates when they lie in frames of one file, or of files that look alike.

    Parameters
    ----------
    candidates
        Windows to choose from.
    count
        Number of windows wanted; fewer where there are no more.
    """
    if not candidates:
        return []
    windows = [one.window for one in candidates]
    _, source = np.unique([window.source for window in windows], return_inverse=True)
    keys = [(window.source, window.frame) for window in windows]
    _, first, frame = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    views = np.stack([candidates[index].view for index in first])
    one_view = (views @ views.T >= ALIKE) | np.equal.outer(source[first], source[first])
    boxes = np.array([(w.x, w.y, w.x + w.width, w.y + w.height) for w in windows])
    rank = np.round([window.score for window in windows], 1)
    alive = np.ones(len(windows), bool)
    used = np.zeros(len(first), int)
    chosen: list[int] = []
    order = list(dict.fromkeys(source[np.argsort(rank, kind="stable")].tolist()))
    while alive.any():
        for turn in order:
            mine = np.flatnonzero(alive & (source == turn))
            if len(chosen) == count:
                return [windows[index] for index in chosen]
            if mine.size:
                best = mine[np.lexsort((rank[mine], used[frame[mine]]))[0]]
                chosen.append(int(best))
                used[frame[best]] += 1
                alive &= ~(one_view[frame[best], frame] & (_overlap(boxes, best) > OVERLAP))
    return [windows[index] for index in chosen]


def _overlap(boxes: NDArray[np.int_], one: int) -> NDArray[np.float64]:
    """Return intersection over union of every box with box ``one``, ``(n,)``."""
    low = np.maximum(boxes[:, :2], boxes[one, :2])
    high = np.minimum(boxes[:, 2:], boxes[one, 2:])
    common = (high - low).clip(0).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return np.asarray(common / (areas + areas[one] - common))
