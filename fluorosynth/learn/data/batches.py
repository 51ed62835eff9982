"""Batches: which items, in which order, and how they become tensors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Sampler

from fluorosynth.errors import BadDataError
from fluorosynth.learn.data.shuffle import shuffled
from fluorosynth.sample import Image, Mask


class Batch(NamedTuple):
    """Items stacked to tensors.

    Parameters
    ----------
    images
        Grey values, ``(N, K, H, W)`` uint8.
    masks
        Labels, ``(N, H, W)`` uint8 {0, 1, 255}.
    """

    images: Tensor
    masks: Tensor


def collate(items: Sequence[tuple[Image, Mask]]) -> Batch:
    """Stack items; a single frame gets its channel axis.

    Parameters
    ----------
    items
        Images with their masks, of one size.

    Raises
    ------
    BadDataError
        When the items differ in size.

    Examples
    --------
    >>> item = np.zeros((32, 48), np.uint8), np.zeros((32, 48), np.uint8)
    >>> [tuple(tensor.shape) for tensor in collate([item, item])]
    [(2, 1, 32, 48), (2, 32, 48)]
    """
    sizes = sorted({mask.shape for _, mask in items})
    if len(sizes) > 1:
        raise BadDataError(
            f"images of {sizes[0]} and {sizes[-1]} do not fit in one batch: "
            "train on random crops that fit in both (`crop`), or with `batch_size` 1"
        )
    images = np.stack([image if image.ndim == 3 else image[None] for image, _ in items])
    return Batch(torch.from_numpy(images), torch.from_numpy(np.stack([m for _, m in items])))


def collate_by_size(items: Sequence[tuple[Image, Mask]]) -> list[Batch]:
    """Stack neighbouring items of one size, for data whose images differ in size.

    Parameters
    ----------
    items
        Images with their masks, of any sizes.
    """
    groups = groupby(items, key=lambda item: item[1].shape)
    return [collate(list(group)) for _, group in groups]


class EpochBatches(Sampler[list[int]]):
    """A batch sampler: a seeded permutation, cut into batches, then among processes.

    For the argument ``batch_sampler`` of a ``DataLoader``. An epoch depends on its number and the
    seed alone, so a run can go on from any step, with another number of processes, too. A batch
    is the global one: each process takes every ``world``-th item of it; one of fewer items than
    processes, with which an epoch may end, is taken whole by each (see ``share``), and one of fewer
    than a network can learn from is left out. Of endless data every epoch takes the items that
    follow.

    Parameters
    ----------
    length
        Number of items in an epoch.
    batch
        Number of items in a global batch; the last one may be smaller.
    seed
        Seed of the permutations.
    endless
        Whether the data is endless.
    rank
        Number of this process.
    world
        Number of processes.
    least
        Number of items that a batch must have.

    Examples
    --------
    >>> order = EpochBatches(5, 2, seed=0)
    >>> first = list(order)
    >>> [len(batch) for batch in first], sorted(sum(first, []))
    ([2, 2, 1], [0, 1, 2, 3, 4])
    >>> order.set_epoch(0, step=1)
    >>> list(order) == first[1:]
    True
    """

    def __init__(
        self,
        length: int,
        batch: int,
        seed: int,
        endless: bool = False,
        rank: int = 0,
        world: int = 1,
        least: int = 1,
    ) -> None:
        self.least = max(1, least)
        self.length, self.batch, self.seed, self.endless = length, batch, seed, endless
        self.rank, self.world = rank, world
        self.epoch = self.step = 0

    @property
    def steps(self) -> int:
        """Batches in a whole epoch."""
        whole, rest = divmod(self.length, self.batch)
        return whole + (rest >= self.least)

    def set_epoch(self, epoch: int, step: int = 0) -> None:
        """Let the next iteration start at a step of an epoch.

        Parameters
        ----------
        epoch
            Number of the epoch, from 0.
        step
            Number of the step in it, from 0.
        """
        self.epoch, self.step = epoch, step

    def size(self, step: int) -> int:
        """Return the number of items in the global batch of a step.

        Parameters
        ----------
        step
            Number of the step, from 0.
        """
        return min(self.batch, self.length - step * self.batch)

    def share(self, step: int) -> float:
        """Return how much an item counts that this process takes: 1, or less where all take it.

        Parameters
        ----------
        step
            Number of the step, from 0.
        """
        return 1.0 if self.size(step) >= self.world else 1 / self.world

    def __len__(self) -> int:
        return self.steps - self.step

    def __iter__(self) -> Iterator[list[int]]:
        order = shuffled(self.length, (self.seed, self.epoch))
        begun = self.epoch * self.length if self.endless else 0
        for step in range(self.step, self.steps):
            batch = order[step * self.batch : (step + 1) * self.batch] + begun
            mine = batch if len(batch) < self.world else batch[self.rank :: self.world]
            yield mine.tolist()
