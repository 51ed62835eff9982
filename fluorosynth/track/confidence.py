"""How sure a frame's curve and its tip are, by what can be seen of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fluorosynth.track.signs import HORIZON, Signs

# Logistic regressions, made by ``python benchmarks/confidence.py``, on generated sequences.
BODY: Mapping[str, float] = {
    "1": 0.44,
    "unlike": 0.87,
    "strayed": 0.83,
    "unsure": 1.99,
    "longer": 5.58,
    "shorter": 0.34,
    "tip_looks": -1.58,
    "unended": 10.24,
}
TIP: Mapping[str, float] = {
    "1": 1.62,
    "looks": -3.16,
    "tip_looks": -2.80,
    "tip_returned": 0.83,
    "unended": 11.90,
    "tip_swollen": 0.91,
}
SWELLS = 0.25, 0.5  # logarithms of the tip's breadth: not a little, and quite
FEW = 0.01  # share of the likely courses that pass elsewhere: fewer say no more
TOLERATED = 0.1  # risk at which the confidence of a frame is 1/2
DOUBT = 0.5  # confidence below which a frame, or a tip, is to be looked at


def confidence(signs: Signs) -> tuple[float, float]:
    """Return the confidence of a frame and of its tip, both in [0, 1].

    That of the frame is 1/2 where one such frame in ten is off by over 3 px of a 256 px frame;
    that of the tip is the probability that it is off by less than 6 px.

    Parameters
    ----------
    signs
        Figures of the frame.

    Examples
    --------
    >>> well = Signs(age=5, looks=0.97, tip_looks=0.97, unsure=0.05)
    >>> [round(value, 1) for value in confidence(well)]
    [1.0, 1.0]
    """
    seen = features(signs)
    tolerated = np.log(TOLERATED / (1 - TOLERATED))
    return _logistic(tolerated - _risk(BODY, seen)), _logistic(-_risk(TIP, seen))


def features(signs: Signs) -> dict[str, float]:
    """Return what the regressions take: sums and shares as logarithms.

    Parameters
    ----------
    signs
        Figures of the frame.
    """
    low, high = SWELLS
    return {
        "1": 1.0,
        "looks": signs.looks,
        "tip_looks": signs.tip_looks,
        "unlike": signs.unlike,
        "unsure": float(np.log(max(signs.unsure, FEW))),
        "longer": max(signs.growth, 0.0),
        "shorter": max(-signs.growth, 0.0),
        "strayed": float(np.log1p(signs.strayed)),
        "tip_returned": float(np.log1p(signs.tip_returned)),
        "unended": signs.unended / max(min(signs.age, HORIZON), 1),
        "tip_swollen": float(np.clip((signs.tip_wider - low) / (high - low), 0, 1)),
    }


def _risk(weights: Mapping[str, float], seen: Mapping[str, float]) -> float:
    return sum(weight * seen[name] for name, weight in weights.items())


def _logistic(value: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(value, -50, 50))))
