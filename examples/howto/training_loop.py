"""A recipe inside one's own training loop: samples on the fly, no file at all.

    python training_loop.py

Sample i of a seed is always the same, so a run that stops at step k goes on at step k.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from fluorosynth import Recipe, Sample

BATCH, STEPS = 2, 6


def tensors(samples: list[Sample]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return images in [0, 1] and masks, each (N, 1, H, W)."""
    images = torch.from_numpy(np.stack([sample.image for sample in samples]))[:, None]
    masks = torch.from_numpy(np.stack([sample.mask for sample in samples]))[:, None]
    return images.float() / 255, masks


torch.manual_seed(0)
network = nn.Sequential(nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.Conv2d(8, 1, 5, padding=2))
optimiser = torch.optim.Adam(network.parameters(), 1e-2)
samples = iter(Recipe.preset("paper"))  # or .open(seed) and .sample(index)
for step in range(STEPS):
    image, mask = tensors([next(samples) for _ in range(BATCH)])
    known = mask != 255  # there is no truth elsewhere
    loss = nn.functional.binary_cross_entropy_with_logits(
        network(image)[known], (mask[known] == 1).float()
    )
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    print(f"step {step}: loss {loss.item():.3f}")
