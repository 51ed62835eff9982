"""An exponential average of a network's weights over the steps."""

from __future__ import annotations

import torch
from torch import nn


def decay_at(step: int, decay: float) -> float:
    """Return the decay of a step: lower in the first ones, so that the start is forgotten.

    Parameters
    ----------
    step
        Number of the step over all epochs, from 0.
    decay
        Decay per step in the long run, in [0, 1).

    Examples
    --------
    >>> [decay_at(step, 0.999) for step in (0, 10)], decay_at(10**6, 0.999)
    ([0.1, 0.55], 0.999)
    """
    return min(decay, (1 + step) / (10 + step))


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move ``average`` towards ``network``, in place; what is no float is copied.

    Parameters
    ----------
    average
        Network that holds the average.
    network
        Network of the same layout as it is now.
    decay
        Share of the average that stays, in [0, 1).
    """
    now = network.state_dict()
    for key, value in average.state_dict().items():
        if value.is_floating_point():
            value.lerp_(now[key], 1 - decay)
        else:
            value.copy_(now[key])
