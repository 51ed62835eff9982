"""How sure a frame's curve and its tip are, by what can be seen of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fluorosynth.track.signs import HORIZON, Signs

# Logistic regressions, made by ``python benchmarks/confidence.py``, on generated sequences.
BODY: Mapping[str, float] = {
    "1": 3.88,
    "worst_looks": -2.75,
    "unsure": 4.05,
    "points": -1.67,
    "changed": 2.33,
    "age": -1.41,
    "returned": 2.67,
    "drift": 0.44,
}
TIP: Mapping[str, float] = {
    "1": 3.81,
    "looks": -4.00,
    "tip_looks": -3.05,
    "age": -1.49,
    "tip_returned": 1.60,
    "drift": 0.31,
    "unended": 6.36,
    "growth": -1.76,
}
TOLERATED = 0.1  # risk at which the confidence of a frame is 1/2
DOUBT = 0.5  # confidence below which a frame, or a tip, is to be looked at


def confidence(signs: Signs) -> tuple[float, float]:
    """Return the confidence of a frame and of its tip, both in [0, 1].

    That of the frame is 1/2 where one such frame in ten is off by over 3 px of a 256 px frame;
    that of the tip is the probability that it is off by less than 6 px.

    Parameters
    ----------
    signs
        What was seen.
    """
    seen = features(signs)
    tolerated = np.log(TOLERATED / (1 - TOLERATED))
    return _logistic(tolerated - _risk(BODY, seen)), _logistic(-_risk(TIP, seen))


def features(signs: Signs) -> dict[str, float]:
    """Return what the regressions take: sums and lengths as logarithms.

    Parameters
    ----------
    signs
        What was seen.
    """
    age = min(signs.age, HORIZON)
    return {
        "1": 1.0,
        "looks": signs.looks,
        "tip_looks": signs.tip_looks,
        "worst_looks": signs.worst_looks,
        "tip_darker": max(signs.tip_darker, 0.0),
        "tip_fainter": max(-signs.tip_darker, 0.0),
        "tip_wider": max(signs.tip_wider, 0.0),
        "tip_narrower": max(-signs.tip_wider, 0.0),
        "unsure": signs.unsure,
        "points": float(np.log(max(signs.points, 1))),
        "growth": signs.growth,
        "changed": abs(signs.growth),
        "age": float(np.log1p(age)),
        "returned": float(np.log1p(signs.returned)),
        "tip_returned": float(np.log1p(signs.tip_returned)),
        "drift": float(np.log1p(signs.drift)),
        "unended": signs.unended / max(age, 1),
    }


def _risk(weights: Mapping[str, float], seen: Mapping[str, float]) -> float:
    return sum(weight * seen[name] for name, weight in weights.items())


def _logistic(value: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(value, -50, 50))))
