"""How far an average over a few sequences can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np


class Interval(NamedTuple):
    """A mean over sequences and its confidence limits; NaN where there is nothing to say.

    Parameters
    ----------
    mean
        Mean over the sequences.
    low
        Lower limit of the interval.
    high
        Upper limit of the interval.
    """

    mean: float
    low: float
    high: float


def bootstrap_interval(
    values: Mapping[str, Sequence[float]],
    rng: np.random.Generator,
    resamples: int = 2000,
    level: float = 0.95,
) -> Interval:
    """Return the mean of the sequences' means with a percentile bootstrap interval.

    Frames of one sequence resemble each other, so whole sequences are drawn with replacement,
    never frames (Efron and Tibshirani, 1993, section 8.2). One sequence alone says nothing about
    others: its limits are NaN. Values that are NaN are left out.

    Parameters
    ----------
    values
        Per sequence, the value of each frame.
    rng
        Source of the resamples.
    resamples
        Number of resamples, >= 1.
    level
        Confidence level in (0, 1).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> mean, low, high = bootstrap_interval({"T1": [0.5, 0.7], "T2": [0.2], "T3": [0.9]}, rng)
    >>> round(mean, 3), 0.2 <= low < mean < high <= 0.9
    (0.567, True)
    """
    kept = {name: np.asarray(v, float)[~np.isnan(v)] for name, v in values.items()}
    means = np.array([v.mean() for v in kept.values() if v.size])
    if len(means) < 2:
        return Interval(float(means.mean()) if len(means) else np.nan, np.nan, np.nan)
    drawn = rng.choice(means, (resamples, len(means))).mean(axis=1)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(means.mean()), float(low), float(high))
