"""Which part of a set is learned from, and which one is measured on: never the same by default."""

from __future__ import annotations

from fluorosynth.errors import UsageError
from fluorosynth.learn.data.base import LabelledDataset
from fluorosynth.learn.data.layout import LayoutDataset
from fluorosynth.learn.data.weiss import WeissDataset

ALL = "all"
TRAINING = "train", "trainval", "training"  # what sets call the part that is learned from


def for_training(pairs: LabelledDataset, part: str = "", seed: int = 0) -> LabelledDataset:
    """Return the part of a set that models are trained on.

    Parameters
    ----------
    pairs
        Labelled set.
    part
        Name of one of the set's own parts, or ``"all"``; empty: that for training, where there is
        one, else all. Of the WEISS files ``"S1"``, ``"S2"``, ``"S3"``, ``"LOO-T1"`` ... , whose
        fine-tuning images are taken; empty: all.
    seed
        Seed of the publication's split S1, which is drawn.

    Raises
    ------
    UsageError
        For a part that the set does not have.
    """
    if isinstance(pairs, LayoutDataset):
        named = (item.part for item in pairs.layout.items if item.part.lower() in TRAINING)
        return _part(pairs, part, next(named, ""))
    return _other(pairs, part, seed, 0)


def by_protocol(pairs: LabelledDataset, part: str = "", seed: int = 0) -> LabelledDataset:
    """Return the part of a set that models are compared on.

    Parameters
    ----------
    pairs
        Labelled set.
    part
        Part in place of the one that the set's protocol says: one of the set's own, ``"all"``, or
        for the WEISS files ``"S1"`` (the default), ``"S2"``, ``"S3"``, ``"LOO-T1"`` ... , whose
        test images are taken.
    seed
        Seed of the publication's split S1, which is drawn.

    Raises
    ------
    UsageError
        For a part that the set does not have.
    """
    if isinstance(pairs, LayoutDataset):
        parts = {item.part for item in pairs.layout.items}
        own = pairs.layout.protocol
        return _part(pairs, part, own if own in parts else "")
    return _other(pairs, part or "S1" * isinstance(pairs, WeissDataset), seed, 1)


def _part(pairs: LayoutDataset, part: str, default: str) -> LabelledDataset:
    chosen = "" if part == ALL else part or default
    found = LayoutDataset(pairs.layout, pairs.given, chosen)
    found.source = pairs.source
    return found


def _other(pairs: LabelledDataset, part: str, seed: int, side: int) -> LabelledDataset:
    if part in ("", ALL):
        return pairs
    if isinstance(pairs, WeissDataset):
        return pairs.split(part, seed)[side]
    raise UsageError(f"{pairs.source} has no `part` {part!r}")
