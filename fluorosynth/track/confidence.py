"""How sure a frame's curve and its tip are, by what can be seen of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fluorosynth.track.signs import HORIZON, Signs

# Logistic regressions, made by ``python benchmarks/confidence.py``, on generated sequences.
BODY: Mapping[str, float] = {
    "1": 12.82,
    "hidden": 4.30,
    "points": -3.07,
    "changed": 0.45,
    "age": -1.91,
    "strayed": 3.32,
}
TIP: Mapping[str, float] = {
    "1": 3.79,
    "looks": -5.14,
    "tip_looks": -2.57,
    "age": -1.27,
    "tip_returned": 1.81,
    "unended": 14.28,
    "growth": -1.99,
    "tip_swollen": 0.95,
}
SWELLS = 0.25, 0.5  # logarithms of the tip's breadth: not a little, and quite
LONG = 150  # points: longer curves are no surer
HIDES = 0.4, 0.7  # shares of the likely courses that pass elsewhere
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
    >>> well = Signs(age=5, looks=0.97, tip_looks=0.97, unsure=0.05, points=150)
    >>> [round(value, 1) for value in confidence(well)]
    [1.0, 1.0]
    """
    seen = features(signs)
    tolerated = np.log(TOLERATED / (1 - TOLERATED))
    return _logistic(tolerated - _risk(BODY, seen)), _logistic(-_risk(TIP, seen))


def features(signs: Signs) -> dict[str, float]:
    """Return what the regressions take: sums and lengths as logarithms.

    Parameters
    ----------
    signs
        Figures of the frame.
    """
    age, (low, high), (part, most) = min(signs.age, HORIZON), SWELLS, HIDES
    return {
        "1": 1.0,
        "looks": signs.looks,
        "tip_looks": signs.tip_looks,
        "hidden": float(np.clip((signs.unsure - part) / (most - part), 0, 1)),
        "points": float(np.log(np.clip(signs.points, 1, LONG))),
        "growth": signs.growth,
        "changed": float(np.log1p(signs.points * abs(1 - np.exp(-signs.growth)))),
        "age": float(np.log1p(age)),
        "strayed": float(np.log1p(signs.strayed)),
        "tip_returned": float(np.log1p(signs.tip_returned)),
        "unended": signs.unended / max(age, 1),
        "tip_swollen": float(np.clip((signs.tip_wider - low) / (high - low), 0, 1)),
    }


def _risk(weights: Mapping[str, float], seen: Mapping[str, float]) -> float:
    return sum(weight * seen[name] for name, weight in weights.items())


def _logistic(value: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(value, -50, 50))))
