"""At which value half is found: a psychometric function, fitted, with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fluorosynth.stress.run import mean_by_level

Array = NDArray[np.float64]
PRIOR = 1e-3  # weight of the start against the data: a jump between two levels has no slope
RESAMPLES, LEVEL = 200, 0.95
OUTLYING = 0.05, 0.95  # a level outside these lies on no slope


@dataclass(frozen=True)
class Half:
    """The value at which half of the centreline is found.

    Parameters
    ----------
    value
        Level at which the fit crosses one half; None where it does not.
    low
        Lower 95 % limit; None likewise.
    high
        Upper 95 % limit; None likewise.
    found
        Whether over half is found at all levels, or under half, where there is no value.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    found: bool | None = None


def half_found(
    levels: Array, recall: Array, rising: bool, log: bool, rng: np.random.Generator
) -> Half:
    """Fit ``top / (1 + exp(-(x - x0) / s))`` by least squares and solve for one half.

    ``top``, at most 1, leaves room for lapses: instruments that are missed however plain they are
    (Wichmann and Hill, Perception & Psychophysics 2001). Only the side up to the best level
    (rising) or from it on (falling) is fitted. The interval is a percentile bootstrap over
    scenes; where no level lies on the slope, so that nothing tells where in the gap between two
    levels it is, the interval covers the gap.

    Parameters
    ----------
    levels
        Levels, ``(n,)``, ascending.
    recall
        Shares found, ``(n, scenes)`` in [0, 1], NaN where a scene shows no instrument.
    rising
        Whether the side that rises to the best level is fitted, else the one that falls from it.
    log
        Whether to fit over the logarithm of the levels, which are then > 0.
    rng
        Source of the resamples.

    Examples
    --------
    >>> levels = np.array([1.0, 2, 4, 8, 16, 32])
    >>> curve = 1 / (1 + (levels / 5) ** -3.0)
    >>> recall = np.repeat(curve[:, None], 4, axis=1)
    >>> half = half_found(levels, recall, True, True, np.random.default_rng(0))
    >>> round(half.value, 2), half.low <= half.value <= half.high
    (5.0, True)
    """
    at = np.log(levels) if log else levels.astype(float)
    if not rising:
        at, recall = -at[::-1], recall[::-1]

    def back(x: float) -> float:
        x = x if rising else -x
        return float(np.exp(x)) if log else float(x)

    means = mean_by_level(recall)
    value = _crossing(at, means)
    if value is None:
        side = means[: int(np.nanargmax(means)) + 1] if not np.isnan(means).all() else means
        return Half(None, found=bool(np.nanmin(side, initial=np.inf) >= 0.5))
    scenes = recall.shape[1]
    drawn = [
        _crossing(at, mean_by_level(recall[:, rng.integers(0, scenes, scenes)]))
        for _ in range(RESAMPLES)
    ]
    ends = [x for x in drawn if x is not None]  # some always are: their mean curve crosses
    low, high = np.quantile(ends, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist()
    low, high = min(low, value), max(high, value)
    gap = _gap(at, means)
    if gap is not None:
        low, high = min(low, gap[0]), max(high, gap[1])
    first, last = sorted((back(low), back(high)))
    return Half(back(value), first, last)


def _crossing(at: Array, means: Array) -> float | None:
    """Return where a fitted rising curve reaches one half; None if the means do not cross it."""
    from scipy.optimize import leastsq

    known = ~np.isnan(means)
    at, means = at[known], means[known]
    if not len(means):
        return None
    best = int(np.argmax(means))
    at, means = at[: best + 1], means[: best + 1]
    if not (means.min() < 0.5 <= means.max()):
        return None
    under = int(np.flatnonzero(means < 0.5)[-1])
    share = (0.5 - means[under]) / (means[under + 1] - means[under])
    first = np.array([at[under] + share * (at[under + 1] - at[under]), np.log(0.05), 3.0])
    first[1] += np.log(at[-1] - at[0])

    def residuals(fit: Array) -> Array:
        x0, log_s, lapses = fit
        top = 0.5 + 0.5 / (1 + np.exp(-np.clip(lapses, -30, 30)))
        z = np.clip((at - x0) / np.exp(np.clip(log_s, -30, 30)), -60, 60)
        return np.concatenate([top / (1 + np.exp(-z)) - means, PRIOR * (fit - first)])

    (x0, log_s, lapses), _ = leastsq(residuals, first)
    top = 0.5 + 0.5 / (1 + np.exp(-np.clip(lapses, -30, 30)))
    return float(x0 - np.exp(log_s) * np.log(2 * top - 1)) if top > 0.5 + 1e-9 else None


def _gap(at: Array, means: Array) -> tuple[float, float] | None:
    """Return the two levels between which a curve jumps; None where a level lies on the slope."""
    known = ~np.isnan(means)
    at, means = at[known], means[known]
    best = int(np.argmax(means))
    under = int(np.flatnonzero(means[: best + 1] < 0.5)[-1])
    low, high = OUTLYING
    if means[under] > low or means[under + 1] < high * means[best]:
        return None
    return float(at[under]), float(at[under + 1])
