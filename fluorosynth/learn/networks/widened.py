"""A network of one frame as one of several, that says the same until it has learnt more."""

from __future__ import annotations

import torch

from fluorosynth.errors import UsageError
from fluorosynth.learn.networks import build
from fluorosynth.learn.networks.base import Network


def widened(network: Network, channels: int) -> Network:
    """Return the network with frames from before as further input, which it does not use yet.

    The weights of its input's layers go to the newest frames, those of the frames before are 0.

    Parameters
    ----------
    network
        Network to begin with; not changed.
    channels
        Number of frames that the new one takes, at least those of ``network``.

    Returns
    -------
    Network
        Network of the same kind, on the CPU.

    Raises
    ------
    UsageError
        For fewer frames than ``network`` takes.

    Examples
    --------
    >>> still = build("light").eval()
    >>> frames = torch.rand(1, 3, 64, 64)
    >>> moving = widened(still, 3).eval()
    >>> torch.allclose(moving(frames), still(frames[:, 2:]), atol=1e-6)
    True
    """
    if channels < network.channels:
        raise UsageError(
            f"`channels` must be at least {network.channels}, those of the model, not {channels}"
        )
    wide = build(network.kind, {**network.config, "channels": channels})
    weights = wide.state_dict()
    for name, known in network.state_dict().items():
        if known.shape == weights[name].shape:
            weights[name] = known
        else:
            weights[name] = torch.zeros_like(weights[name])
            weights[name][:, channels - network.channels :] = known
    wide.load_state_dict(weights)
    return wide
