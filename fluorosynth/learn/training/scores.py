"""Dice of whole batches on the device, at many thresholds at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from fluorosynth.sample import IGNORE, INSTRUMENT

THRESHOLDS = (0.01, *(round(0.05 * i, 2) for i in range(1, 20)), 0.99)


@dataclass(frozen=True)
class Scores:
    """Means over validation images; one without an instrument counts 1 where nothing is found.

    Parameters
    ----------
    loss
        Loss.
    dice
        Dice above 0.5.
    threshold
        Threshold of the best Dice.
    best_dice
        Dice above that.
    own_dice
        Dice above the threshold that the model came with.
    """

    loss: float
    dice: float
    threshold: float
    best_dice: float
    own_dice: float


def dice_at(maps: Tensor, masks: Tensor, thresholds: tuple[float, ...] = THRESHOLDS) -> Tensor:
    """Return the Dice of each image at each threshold.

    Parameters
    ----------
    maps
        Catheter maps, ``(N, H, W)`` float in [0, 1]; predicted is what lies above.
    masks
        Labels, ``(N, H, W)`` uint8 {0, 1, 255}.
    thresholds
        Thresholds, ascending, K of them.

    Returns
    -------
    Tensor
        ``(N, K)`` float32; 1 where truth and prediction are both empty.

    Examples
    --------
    >>> maps = torch.tensor([[[0.9, 0.6, 0.2]]])
    >>> masks = torch.tensor([[[1, 0, 255]]], dtype=torch.uint8)
    >>> dice_at(maps, masks, (0.5, 0.7)).tolist()[0][1]
    1.0
    """
    kinds = len(thresholds) + 1
    edges = torch.tensor(thresholds, device=maps.device)
    exceeded = torch.bucketize(maps.float(), edges)  # how many thresholds lie below
    image = torch.arange(len(maps), device=maps.device)[:, None, None]
    cell = image * kinds + exceeded
    true, false = (
        torch.bincount(cell[chosen], minlength=len(maps) * kinds)
        .view(-1, kinds)[:, 1:]
        .flip(1)
        .cumsum(1)
        .flip(1)
        for chosen in (masks == INSTRUMENT, (masks != INSTRUMENT) & (masks != IGNORE))
    )
    size = true + false + (masks == INSTRUMENT).sum((1, 2))[:, None]
    return torch.where(size == 0, 1.0, 2 * true / size.clamp(min=1))


def dice_of(predicted: Tensor, masks: Tensor) -> Tensor:
    """Return the Dice of each image, ``(N,)``, without waiting for the device.

    Parameters
    ----------
    predicted
        Predicted masks, ``(N, H, W)`` bool.
    masks
        Labels, ``(N, H, W)`` uint8 {0, 1, 255}.
    """
    true = masks == INSTRUMENT
    predicted = predicted & (masks != IGNORE)
    size = predicted.sum((1, 2)) + true.sum((1, 2))
    return torch.where(size == 0, 1.0, 2 * (predicted & true).sum((1, 2)) / size.clamp(min=1))


class Scorer:
    """Gathers what ``Scores`` needs over batches and processes.

    Parameters
    ----------
    own
        Threshold that the model came with, in [0, 1).
    """

    def __init__(self, own: float = 0.5) -> None:
        self.own, self.thresholds = own, tuple(sorted({*THRESHOLDS, own}))
        self.sums = torch.zeros(2 + len(self.thresholds), dtype=torch.float64)

    def add(self, losses: Tensor, logits: Tensor, masks: Tensor) -> None:
        """Take in a batch.

        Parameters
        ----------
        losses
            Losses of the images, ``(N,)``.
        logits
            Logits, ``(N, 2, H, W)``.
        masks
            Labels, ``(N, H, W)`` uint8 {0, 1, 255}.
        """
        maps = torch.sigmoid(logits[:, 0].float())
        self.sums[0] += len(masks)
        self.sums[1] += losses.sum().item()
        self.sums[2:] += dice_at(maps, masks, self.thresholds).cpu().double().sum(0)

    def scores(self) -> Scores:
        """Return the means over all images added."""
        loss, *dice = (self.sums[1:] / self.sums[0]).tolist()
        curve = dict(zip(self.thresholds, dice, strict=True))
        best = max(curve, key=curve.__getitem__)
        return Scores(loss, curve[0.5], best, curve[best], curve[self.own])
