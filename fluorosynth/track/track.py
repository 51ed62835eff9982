"""Instruments followed from frames in which they are known through the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import UsageError
from fluorosynth.geometry.arc_length import arc_length
from fluorosynth.labels.model import FrameLabels, Instrument, Labels
from fluorosynth.sample import Image
from fluorosynth.track.blend import blend
from fluorosynth.track.config import TrackConfig
from fluorosynth.track.curve import Array
from fluorosynth.track.follow import begin, follow
from fluorosynth.track.merge import merged
from fluorosynth.track.state import Followed, Scale
from fluorosynth.track.width import typical_width

WIDENING = 0.35  # weight of a frame's width
MOST_WIDENED = 2.0  # times: what is measured beyond is not the instrument
Evidence = Callable[[int], NDArray[np.float32]]


def track(
    frames: Sequence[Image],
    start: Labels,
    config: TrackConfig = TrackConfig(),  # noqa: B008 - it is frozen
    first: int = 0,
    last: int | None = None,
    ids: Sequence[str] | None = None,
    evidence: Evidence | None = None,
    progress: Callable[[FrameLabels], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Labels:
    """Follow instruments forwards and backwards from the frames in which they are drawn.

    A curve of origin ``drawn`` is a key: it is kept as it is, and the tracker starts from it in
    both directions. Between two keys of one instrument what comes from either side is blended.
    Curves of other origins are replaced.

    Parameters
    ----------
    frames
        Frames, ``(H, W)`` uint8 each, by number; instruments dark. ``labels.FrameSequence`` is one.
    start
        Labels with a key for each instrument. Frames outside ``first`` to ``last``, other
        instruments and ignored regions are kept.
    config
        Settings.
    first
        First frame to label.
    last
        Last frame to label; None: the last one of the sequence.
    ids
        Instruments to follow; None: all that have a key.
    evidence
        Function that gives the ``(H, W)`` float32 map of a frame, in [0, 1]: how likely each
        pixel is instrument, from a network for instance.
    progress
        Function called with each frame as soon as it is known from one side.
    stop
        Function asked before each frame; where it returns True, what is known by then is returned.

    Returns
    -------
    Labels
        With a curve of origin ``tracked`` and its confidence in each frame, or the instrument's
        id among ``lost`` where its place is not known.

    Raises
    ------
    UsageError
        When there is no key, ``first`` and ``last`` are no range of frames, or a key is wider than
        an eighth of a frame.
    """
    last = len(frames) - 1 if last is None else last
    if not 0 <= first <= last < len(frames):
        raise UsageError(f"first {first} and last {last} are no range of {len(frames)} frames")
    keys = {name: _keys(start, name) for name in (start.ids if ids is None else ids)}
    keys = {name: found for name, found in keys.items() if found or ids is not None}
    missing = [name for name, found in keys.items() if not found]
    if missing or not keys:
        what = f"instrument {missing[0]!r}" if missing else "any instrument"
        raise UsageError(f"there is no frame in which {what} is drawn: the tracker starts from one")
    scale = Scale(start.source.shape)
    for name, known in keys.items():
        for at, key in known.items():
            scale.checked(float(np.median(key.width)), f"{name!r} of frame {at}")
    found = start
    for name, known in keys.items():
        for span in _spans(sorted(known), first, last):
            run = _Run(frames, config, evidence, progress, stop)
            found = _with(found, name, run.between(span, known))
            if run.stopped:
                return found
    return found


def steps(start: Labels, first: int, last: int, ids: Sequence[str] | None = None) -> int:
    """Return how often ``track`` reports a frame: once from each key beside its stretch.

    Parameters
    ----------
    start
        Labels with the keys.
    first
        First frame to label.
    last
        Last frame to label.
    ids
        Instruments to follow; None: all that have a key.
    """
    spans = [
        span
        for name in (start.ids if ids is None else ids)
        for span in _spans(sorted(_keys(start, name)), first, last)
    ]
    return sum(
        (span.last - span.first + 1) * ((span.before is not None) + (span.after is not None))
        for span in spans
    )


@dataclass(frozen=True)
class _Span:
    """Frames ``first`` to ``last``, with the keys that bound them."""

    first: int
    last: int
    before: int | None
    after: int | None


def _keys(start: Labels, name: str) -> dict[int, Instrument]:
    found = {frame.index: frame.get(name) for frame in start.frames}
    return {n: i for n, i in found.items() if i is not None and i.origin == "drawn"}


def _spans(keys: list[int], first: int, last: int) -> list[_Span]:
    """Return the stretches of frames without a key in ``first`` to ``last``."""
    bounds = [None, *keys, None]
    spans = []
    for before, after in pairwise(bounds):
        low = first if before is None else max(before + 1, first)
        high = last if after is None else min(after - 1, last)
        if low <= high:
            spans.append(_Span(low, high, before, after))
    return spans


@dataclass
class _Run:
    """One call's frames and what it was asked to do; whether it was stopped."""

    frames: Sequence[Image]
    config: TrackConfig
    evidence: Evidence | None
    progress: Callable[[FrameLabels], None] | None
    stop: Callable[[], bool] | None
    stopped: bool = False

    def between(self, span: _Span, keys: dict[int, Instrument]) -> dict[int, Instrument | None]:
        """Return the instrument in each frame of a span that was reached; None: lost there."""
        passes = []
        if span.before is not None:
            passes.append(self._follow(keys[span.before], span.before, 1, span))
        if span.after is not None:
            passes.append(self._follow(keys[span.after], span.after, -1, span))
        reached = sorted({t for one in passes for t in one})
        if len(passes) == 1 or span.before is None or span.after is None:
            return passes[0]
        unit = Scale(self.frames[reached[0]].shape).unit
        length = span.after - span.before
        return {
            t: blend(passes[0].get(t), passes[1].get(t), (t - span.before) / length, unit)
            for t in reached
        }

    def _follow(
        self, key: Instrument, at: int, step: int, span: _Span
    ) -> dict[int, Instrument | None]:
        """Go from a key to the end of a span, or until the instrument is lost for good."""
        width = float(np.median(key.width))
        good = begin(self.frames[at], key.points.astype(np.float64), width, key.tip_in_view)
        found: dict[int, Instrument | None] = {}
        gone, lost = 0, good.lost
        scale = _Widening(self.frames[at], key.points.astype(np.float64), width)
        for t in range(at + step, (span.last if step > 0 else span.first) + step, step):
            if self.stop is not None and self.stop():
                self.stopped = True
                break
            now = good
            if not lost and gone <= self.config.patience:
                known = None if self.evidence is None else self.evidence(t)
                now = follow(self.frames[t], good, self.config, known)
            unsure = now.lost or now.score < self.config.give_up
            gone = gone + 1 if now is good or unsure else 0
            if span.first <= t <= span.last:
                found[t] = None if gone else _instrument(now, key, scale.seen(self.frames[t], now))
                if self.progress is not None:
                    shown = found[t]
                    frame = FrameLabels(t)
                    self.progress(
                        frame.with_lost(key.id) if shown is None else frame.with_instrument(shown)
                    )
            if not gone:
                good = now
        return found


class _Widening:
    """How much wider than where it was drawn an instrument is, smooth over the frames."""

    def __init__(self, image: Image, points: Array, width: float) -> None:
        self._width = width
        self._drawn = typical_width(image, points, width) or float("nan")
        self._log = 0.0

    def seen(self, image: Image, now: Followed) -> float:
        """Return it by another frame."""
        ratio = typical_width(image, now.points, self._width * np.exp(self._log)) / self._drawn
        if MOST_WIDENED >= ratio >= 1 / MOST_WIDENED:
            self._log += WIDENING * (float(np.log(ratio)) - self._log)
        return float(np.exp(self._log))


def _instrument(now: Followed, key: Instrument, wider: float) -> Instrument:
    points = now.points.astype(np.float32)
    along = arc_length(now.points)
    known = arc_length(key.points.astype(np.float64))
    width = np.interp(along[-1] - along, (known[-1] - known)[::-1], key.width[::-1])
    return Instrument(
        points,
        (wider * width).astype(np.float32),
        key.id,
        key.label,
        not now.leaves,
        "tracked",
        now.sure.astype(np.float32),
    )


def _with(labels: Labels, name: str, found: dict[int, Instrument | None]) -> Labels:
    known = {t: labels.at(t) or FrameLabels(t) for t in found}
    return labels.with_frames(merged(known[t], name, found[t]) for t in found)
