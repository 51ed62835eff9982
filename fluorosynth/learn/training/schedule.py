"""The learning rate: a pure function of the step."""

from __future__ import annotations

import math
from typing import Literal

Schedule = Literal["constant", "cosine"]


def learning_rate(
    step: int, steps: int, peak: float, schedule: Schedule = "constant", warmup: int = 0
) -> float:
    """Return the rate of a step.

    Parameters
    ----------
    step
        Number of the step over all epochs, from 0.
    steps
        Number of steps of the whole run.
    peak
        Highest rate.
    schedule
        Course after the warm-up: ``"constant"``, or ``"cosine"``, half a cosine that ends at 0.
    warmup
        Number of steps over which the rate first rises linearly from 0.

    Examples
    --------
    >>> [learning_rate(step, 4, 0.8, warmup=1) for step in range(4)]
    [0.4, 0.8, 0.8, 0.8]
    >>> [round(learning_rate(step, 4, 0.8, "cosine"), 3) for step in range(4)]
    [0.8, 0.683, 0.4, 0.117]
    """
    share = min((step + 1) / (warmup + 1), 1.0)
    if schedule == "cosine":
        share *= 0.5 * (1 + math.cos(math.pi * step / steps))
    return peak * share
