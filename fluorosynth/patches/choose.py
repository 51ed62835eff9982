"""Which of many windows to keep: spread over files and frames, no two alike, best first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

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
    """A window and a ``thumbnail`` of the frame that it lies in."""

    window: Window
    view: NDArray[np.float32]


def thumbnail(frame: Image) -> NDArray[np.float32]:
    """Return the frame at 32x32, float32, of zero mean and unit norm."""
    small = cv2.resize(frame, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)
    small = small.astype(np.float32) - small.mean(dtype=np.float32)
    return np.asarray(small / max(float(np.linalg.norm(small)), 1e-6))


def near_duplicates(one: Candidate, other: Candidate) -> bool:
    """Tell whether two windows cover much the same part of the same view.

    Frames of one run, and stills that look like one run, are the same view.
    """
    if one.window.overlap(other.window) <= OVERLAP:
        return False
    return float((one.view * other.view).sum()) >= ALIKE


def choose(candidates: Sequence[Candidate], count: int) -> list[Window]:
    """Return up to ``count`` windows: files take turns, each with its best one.

    A file's best is the one of the least used frame, then of the least score (to a tenth), then
    the first drawn. The file with the best window goes first.
    """
    by_source = groupby(candidates, key=lambda one: one.window.source)
    queues = [sorted(group, key=_rank) for _, group in by_source]
    queues.sort(key=lambda queue: _rank(queue[0]))
    chosen: list[Candidate] = []
    used: Counter[tuple[str, int]] = Counter()
    while queues and len(chosen) < count:
        for queue in queues:
            fresh = [one for one in queue if not any(near_duplicates(one, old) for old in chosen)]
            queue[:] = sorted(fresh, key=lambda one: used[one.window.source, one.window.frame])
            if queue and len(chosen) < count:
                chosen.append(queue.pop(0))
                used[chosen[-1].window.source, chosen[-1].window.frame] += 1
        queues = [queue for queue in queues if queue]
    return [one.window for one in chosen]


def _rank(candidate: Candidate) -> float:
    return round(candidate.window.score, 1)
