"""Choosing one of several things by relative odds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def check_odds(name: str, things: Sequence[object], odds: Sequence[float]) -> None:
    """Raise ValueError unless there is something to choose and the odds fit it."""
    if not things:
        raise ValueError(f"{name} needs at least one thing to choose from")
    if odds and (len(odds) != len(things) or min(odds) < 0 or sum(odds) <= 0):
        raise ValueError(f"{name} has {len(things)} things but odds {list(odds)}")


def pick(count: int, odds: Sequence[float], rng: np.random.Generator) -> int:
    """Return an index below ``count`` with one draw; empty ``odds``: equally likely."""
    draw = float(rng.random())
    if not odds:
        return int(draw * count)
    at, edge = draw * sum(odds), 0.0
    for i, share in enumerate(odds):
        edge += share
        if at < edge:
            return i
    return count - 1
