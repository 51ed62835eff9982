"""A recipe inside one's own training loop: samples on the fly, no file at all.

    python training_loop.py

The stream goes on without end and without a sample twice, whatever the number of workers. Sample i
of a seed is always the same, so a run that has taken k samples goes on with ``first=k``.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.data import DataLoader

from fluorosynth import Recipe
from fluorosynth.learn import RecipeStream

STEPS = 6

if __name__ == "__main__":  # where workers are spawned, they import this file
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.Conv2d(8, 1, 5, padding=2))
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    samples = RecipeStream(Recipe.preset("paper"), seed=0)
    loader = DataLoader(samples, batch_size=2, num_workers=2)
    for step, (images, masks) in zip(range(STEPS), loader, strict=False):
        known = masks != 255  # there is no truth elsewhere; (N, H, W) uint8, as the images
        logits = network(images[:, None].float() / 255)[:, 0]
        loss = nn.functional.binary_cross_entropy_with_logits(
            logits[known], (masks[known] == 1).float()
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        print(f"step {step}: loss {loss.item():.3f}")
