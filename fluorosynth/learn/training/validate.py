"""How good a network is on labelled data, with pictures of the first items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.data import DataLoader

from fluorosynth.learn.data import (
    Batch,
    LabelledDataset,
    Normalisation,
    Subset,
    collate_by_size,
)
from fluorosynth.learn.device import autocast, memory_format
from fluorosynth.learn.networks import Network
from fluorosynth.learn.training.config import TrainConfig
from fluorosynth.learn.training.losses import LOSSES
from fluorosynth.learn.training.parallel import Process
from fluorosynth.learn.training.scores import Scorer, Scores

SHOWN = 4  # validation images in an overlay strip
Shown = list[tuple[Any, Any, Any]]  # image, found, truth


def validate(
    network: Network,
    normalisation: Normalisation,
    pairs: LabelledDataset,
    config: TrainConfig,
    process: Process,
    own: float = 0.5,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Scores, Shown]:
    """Return the scores over all processes, and what this one's first items look like.

    Parameters
    ----------
    network
        Network, put into evaluation mode.
    normalisation
        Normalisation of its input.
    pairs
        Labelled data.
    config
        Settings of the run.
    process
        Process that takes its part of the items.
    own
        Threshold that the model came with.
    progress
        Function called with the number of items done, and of all of them; None: none.
    """
    network.eval()
    mine = Subset(pairs, range(process.rank, len(pairs), process.world))
    scorer, shown = Scorer(own), Shown()
    for batches in DataLoader(mine, config.batch_size, collate_fn=collate_by_size):
        if progress:
            progress(int(scorer.sums[0]), len(mine))
        for batch in batches:
            images, masks = on_device(batch, normalisation, process.device)
            with torch.inference_mode(), autocast(process.device, config.precision):
                logits = network(images)
            scorer.add(LOSSES[config.loss](logits, masks), logits, masks)
            if len(shown) < SHOWN:
                found = (logits[:, 0] > 0).cpu().numpy()
                newest = batch.images[:, -1].numpy()
                shown += zip(newest, found, batch.masks.numpy(), strict=True)
    scorer.sums = process.sum(scorer.sums)
    return scorer.scores(), shown[:SHOWN]


def on_device(batch: Batch, normalisation: Normalisation, device: torch.device) -> Batch:
    """Return a batch as the network takes it: normalised, on its device.

    Parameters
    ----------
    batch
        Images and masks as they were read.
    normalisation
        Normalisation of the images.
    device
        Device of the network.
    """
    images, masks = (part.to(device, non_blocking=True) for part in batch)
    return Batch(normalisation(images).to(memory_format=memory_format(device)), masks)
