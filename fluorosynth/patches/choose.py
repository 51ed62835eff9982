"""Which of many windows to keep: spread over files and frames, no two alike, best first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.patches.windows import Window
from fluorosynth.sample import Image

DIFFERENT = 0.55  # of a window's structure: another frame differs by more at that place,
NOISE = 3.0  # and by more grey values than this, or shows the same
OVERLAP = 0.4  # intersection over union that two windows showing the same may have
THUMBNAIL = 64
SHADING = 4.0  # px of the thumbnail: what is coarser says little of what a window shows


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A window, and what the frame that it lies in looks like.

    Parameters
    ----------
    window
        Rectangle in a frame.
    view
        Look of that frame: its ``thumbnail``.
    texture
        Structure in it, grey values; see ``Looks.texture``.
    shape
        Width, height, width and height of the frame, px, as a window's corners are scaled.
    """

    window: Window
    view: NDArray[np.float32]
    texture: float
    shape: tuple[int, int, int, int]


def thumbnail(frame: Image) -> NDArray[np.float32]:
    """Return the structure of a frame at 64 x 64, float32 grey values about 0.

    Parameters
    ----------
    frame
        Frame, ``(H, W)`` uint8.
    """
    small = cv2.resize(frame, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)
    grey = small.astype(np.float32)
    return np.asarray(grey - cv2.GaussianBlur(grey, (0, 0), SHADING))


def choose(candidates: Sequence[Candidate], count: int) -> list[Window]:
    """Return the best windows: files take turns, each with its best one.

    A file's best is the one of the least used frame, then of the least score (to a tenth), then of
    the most structure. The file with the best window goes first. Windows that overlap much are
    near-duplicates where their frames show the same at that place: contrast may have come.

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
    shapes = np.array([candidates[index].shape for index in first])
    boxes = np.array([(w.x, w.y, w.x + w.width, w.y + w.height) for w in windows])
    rank = np.round([window.score for window in windows], 1)
    flat = -np.array([one.texture for one in candidates])
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
                best = mine[np.lexsort((flat[mine], rank[mine], used[frame[mine]]))[0]]
                chosen.append(int(best))
                used[frame[best]] += 1
                alike = _alike(views, frame[best], boxes[best] / shapes[frame[best]])
                alive &= ~(alike[frame] & (_overlap(boxes, best) > OVERLAP))
    return [windows[index] for index in chosen]


def _alike(views: NDArray[np.float32], one: int, box: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which frames show the same as frame ``one`` in a box, in fractions of its sides."""
    left, top = np.floor(box[:2] * THUMBNAIL).astype(int)
    right, bottom = np.ceil(box[2:] * THUMBNAIL).astype(int)
    parts = views[:, top:bottom, left:right]
    power = np.square(parts[one]).mean()
    apart = np.square(parts - parts[one]).mean(axis=(1, 2))
    return np.asarray(apart <= max(DIFFERENT**2 * power, NOISE**2))


def _overlap(boxes: NDArray[np.int_], one: int) -> NDArray[np.float64]:
    """Return intersection over union of every box with box ``one``, ``(n,)``."""
    low = np.maximum(boxes[:, :2], boxes[one, :2])
    high = np.minimum(boxes[:, 2:], boxes[one, 2:])
    common = (high - low).clip(0).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return np.asarray(common / (areas + areas[one] - common))
