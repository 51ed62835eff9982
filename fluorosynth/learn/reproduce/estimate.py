"""How long a training takes here, from a few steps of it."""

from __future__ import annotations

import time

import numpy as np
import torch

from fluorosynth.learn.device import pick_device
from fluorosynth.learn.networks import build

BATCH, STEPS = 4, 3


def seconds_per_image(size: int, device: str = "auto") -> float:
    """Return the time that one picture takes to train the light network on, s (the median step).

    Parameters
    ----------
    size
        Side of the picture, px.
    device
        Name of a PyTorch device, or ``"auto"``.
    """
    on = pick_device(device)
    network = build("light").to(on).train()
    images = torch.zeros((BATCH, network.channels, size, size), device=on)
    times = []
    for _ in range(STEPS + 1):
        began = time.perf_counter()
        loss = network(images).square().mean()
        torch.autograd.backward(loss)
        if on.type == "cuda":
            torch.cuda.synchronize()
        times.append((time.perf_counter() - began) / BATCH)
    return float(np.median(times[1:]))
