"""Where along its course a tube ends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BACK, FRONT = 12, 8  # rows that are looked at before and after an end
CLUTTER = 0.15  # probability that a row shows neither the tube nor plain ground
CORRELATED = 1.3  # rows that say the same


def find_end(
    depth: NDArray[np.float64],
    usual: NDArray[np.float64],
    noise: float,
    expected: float,
    spread: float,
) -> tuple[float, float]:
    """Return the last row of a tube, and how sure that is.

    An end has the tube before it and not after it. Where there is tube on either side, or on
    neither, nothing is said: an end that is hidden stays where it is expected.

    Parameters
    ----------
    depth
        Depth of a tube in each row, ``(n,)``, in those of this one; NaN where nothing is seen.
    usual
        Depth of the tube's last rows, ``(BACK + 1,)``, the tip's last.
    noise
        Deviation of a row's depth.
    expected
        Row where the end should be.
    spread
        Usual distance from the expected row, rows.
    """
    rows = np.arange(len(depth))
    expected = float(np.clip(expected, 0, len(depth) - 1))
    before = _odds(depth, float(np.median(usual[:-4] if len(usual) > 4 else usual)), noise)
    after = _odds(depth, float(np.median(usual[-4:])), noise)
    near = np.flatnonzero(np.abs(rows - expected) <= 4 * spread)
    sums = [np.concatenate([[0.0], np.cumsum(odds)]) for odds in (before, after)]
    start = np.maximum(near - BACK + 1, 0)
    stop = np.minimum(near + 1 + FRONT, len(depth))
    behind = sums[0][near + 1] - sums[0][start]
    ahead = sums[1][stop] - sums[1][near + 1]
    total = (behind - ahead) / CORRELATED - 0.5 * ((near - expected) / spread) ** 2
    best = int(np.argmax(total))
    mass = np.exp(total - total.max())
    mass /= mass.sum()
    close = np.abs(near - near[best]) <= 2
    return float((mass * near)[close].sum() / mass[close].sum()), float(mass[close].sum())


def _odds(depth: NDArray[np.float64], usual: float, noise: float) -> NDArray[np.float64]:
    """Return each row's log odds of tube against ground."""
    usual = max(usual, 0.3)
    tube = np.exp(-0.5 * ((depth - usual) / noise) ** 2)
    ground = np.exp(-0.5 * (depth / noise) ** 2)
    else_ = 0.5 * noise
    odds = np.log(0.85 * tube + CLUTTER * else_) - np.log(0.85 * ground + CLUTTER * else_)
    return np.where(np.isfinite(odds), odds, 0.0)
