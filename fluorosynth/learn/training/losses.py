"""The publication's two losses and sums of such, over logits, with ignored pixels left out."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from fluorosynth.learn.training.missed_centreline import missed_centreline
from fluorosynth.sample import IGNORE, INSTRUMENT

WEIGHTS = (10 / 11, 1 / 11)  # catheter map, background map: 1/10 background : foreground
SMOOTHING = 1.0  # c of eq. 2
EMPTY_SHARE, SHOWN_SHARE = 0.005, 0.001  # of a picture's pixels: c of ``dice_ce_empty_loss``
MISSED = 0.3  # weight of the missed centreline

Loss = Callable[[Tensor, Tensor], Tensor]


def dice_loss(logits: Tensor, masks: Tensor) -> Tensor:
    r"""Return the weighted Dice loss of each image (eq. 2), in [-1, 0].

    .. math:: L = -\sum_m w_m \frac{2 \sum_k S_k P_k + c}{\sum_k S_k + \sum_k P_k + c}

    over the maps m (catheter, background) and the labelled pixels k, with c = 1. Each map's
    Dice is a ratio and so already free of the imbalance between the classes; the weights 10/11
    and 1/11 do not move the best answer of either map, they only set how much of the gradient
    is spent on the catheter. An image without catheter is best answered by an empty map: -1.

    Parameters
    ----------
    logits
        Logits, ``(N, 2, H, W)`` float; the maps are their sigmoids. Computed in float32.
    masks
        Labels, ``(N, H, W)`` uint8 {0, 1, 255}.

    Returns
    -------
    Tensor
        ``(N,)`` float32.

    Examples
    --------
    >>> masks = torch.tensor([[[1, 0, 0, 255]]], dtype=torch.uint8)
    >>> right = torch.where(masks == 1, 20.0, -20.0)
    >>> round(dice_loss(torch.stack([right, -right], dim=1), masks).item(), 4)
    -1.0
    """
    return _dice(logits, masks, SMOOTHING)


def cross_entropy_loss(logits: Tensor, masks: Tensor) -> Tensor:
    r"""Return the weighted categorical cross-entropy of each image (eq. 3), >= 0.

    .. math:: L = -\frac{1}{N} \sum_k w_{S_k} \log p_k

    with p the sigmoid map of the pixel's class divided by the sum of both maps, as Keras does,
    and N the number of labelled pixels. The weights count a catheter pixel's error ten times a
    background pixel's. Unlike with the Dice loss this moves the best answer: a pixel that is
    catheter with probability q is best answered by p = 10 q / (1 + 9 q), so that p = 0.5 stands
    for q = 1/11 and lines come out wider.

    Parameters
    ----------
    logits
        Logits, ``(N, 2, H, W)`` float. Computed in float32.
    masks
        Labels, ``(N, H, W)`` uint8 {0, 1, 255}.

    Returns
    -------
    Tensor
        ``(N,)`` float32.

    Examples
    --------
    >>> masks = torch.tensor([[[1, 0, 0, 255]]], dtype=torch.uint8)
    >>> even = cross_entropy_loss(torch.zeros(1, 2, 1, 4), masks).item()
    >>> round(even / 0.6931, 3) == round((10 + 1 + 1) / 11 / 3, 3)
    True
    """
    return _cross_entropy(logits, masks, WEIGHTS)


def dice_ce_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Return the sum of both losses of each image, >= -1.

    Not the publication's: the usual remedy where Dice alone stays at the empty answer, whose
    gradient vanishes while that of the cross-entropy does not (Isensee et al., nnU-Net, 2021).

    Parameters
    ----------
    logits
        Logits, ``(N, 2, H, W)`` float. Computed in float32.
    masks
        Labels, ``(N, H, W)`` uint8 {0, 1, 255}.

    Returns
    -------
    Tensor
        ``(N,)`` float32.

    Examples
    --------
    >>> masks = torch.tensor([[[1, 0, 0, 255]]], dtype=torch.uint8)
    >>> right = torch.where(masks == 1, 20.0, -20.0)
    >>> round(dice_ce_loss(torch.stack([right, -right], dim=1), masks).item(), 4)
    -1.0
    """
    return dice_loss(logits, masks) + cross_entropy_loss(logits, masks)


def dice_plain_ce_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Return the Dice loss plus the unweighted cross-entropy of each image, >= -1.

    As in nnU-Net (Isensee et al., 2021). Unweighted, p = 0.5 stands for even odds; with the
    weights of eq. 3 it stands for one in eleven, which false positives on real frames show.

    Parameters
    ----------
    logits
        Logits, ``(N, 2, H, W)`` float. Computed in float32.
    masks
        Labels, ``(N, H, W)`` uint8 {0, 1, 255}.

    Returns
    -------
    Tensor
        ``(N,)`` float32.

    Examples
    --------
    >>> masks = torch.tensor([[[1, 0, 0, 255]]], dtype=torch.uint8)
    >>> even = dice_plain_ce_loss(torch.zeros(1, 2, 1, 4), masks)
    >>> round((even - dice_loss(torch.zeros(1, 2, 1, 4), masks)).item(), 4)  # log 2
    0.6931
    """
    return dice_loss(logits, masks) + _cross_entropy(logits, masks, (1.0, 1.0))


def dice_ce_empty_loss(logits: Tensor, masks: Tensor) -> Tensor:
    r"""Return ``dice_plain_ce``, gentler where a picture shows no instrument, >= -1.

    For data of which a part is empty. With c = 1, one pixel found in an empty picture costs half of
    what a whole missed catheter does, and a thousand hardly more than ten. Here c is .5 % of the
    pixels in pictures without an instrument, about half of one: finding n pixels costs

    .. math:: 1 - \frac{c}{n + c}

    which grows as long as there is more to take back. In other pictures c is .1 % of the pixels:
    less than a thin wire, so that wires stay dear to miss, and enough that a few pixels of an
    instrument that just shows do not outweigh whole ones.

    Parameters
    ----------
    logits
        Logits, ``(N, 2, H, W)`` float. Computed in float32.
    masks
        Labels, ``(N, H, W)`` uint8 {0, 1, 255}.

    Returns
    -------
    Tensor
        ``(N,)`` float32.

    Examples
    --------
    >>> empty = torch.zeros(1, 100, 100, dtype=torch.uint8)
    >>> found = torch.full((1, 100, 100), -20.0)
    >>> found[:, 50, :50] = 20.0  # as many pixels as c
    >>> logits = torch.stack([found, torch.full_like(found, 20.0)], dim=1)
    >>> entropy = dice_plain_ce_loss(logits, empty) - dice_loss(logits, empty)
    >>> round((dice_ce_empty_loss(logits, empty) - entropy).item(), 2)  # -(10/11 * .5 + 1/11)
    -0.55
    """
    empty = (masks != INSTRUMENT).all(2).all(1)
    smoothing = masks[0].numel() * torch.where(empty, EMPTY_SHARE, SHOWN_SHARE)
    return _dice(logits, masks, smoothing[:, None]) + _cross_entropy(logits, masks, (1.0, 1.0))


def dice_ce_centreline_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Return ``dice_ce_empty`` plus .3 of the share of the centreline that is missed, >= -1.

    For thin wires among catheters: by area a wire of 1.5 px is a fourth of a catheter.

    Parameters
    ----------
    logits
        Logits, ``(N, 2, H, W)`` float. Computed in float32.
    masks
        Labels, ``(N, H, W)`` uint8 {0, 1, 255}.

    Returns
    -------
    Tensor
        ``(N,)`` float32.

    Examples
    --------
    >>> masks = torch.zeros(1, 9, 30, dtype=torch.uint8)
    >>> masks[0, 3:6, 2:28] = 1
    >>> nothing = torch.tensor([-20.0, 20.0])[None, :, None, None].expand(1, 2, 9, 30)
    >>> cost = dice_ce_centreline_loss(nothing, masks) - dice_ce_empty_loss(nothing, masks)
    >>> round(cost.item(), 3)
    0.3
    """
    return dice_ce_empty_loss(logits, masks) + MISSED * missed_centreline(logits, masks)


LOSSES: dict[str, Loss] = {
    "dice": dice_loss,
    "cross_entropy": cross_entropy_loss,
    "dice_ce": dice_ce_loss,
    "dice_plain_ce": dice_plain_ce_loss,
    "dice_ce_empty": dice_ce_empty_loss,
    "dice_ce_centreline": dice_ce_centreline_loss,
}


def _dice(logits: Tensor, masks: Tensor, smoothing: Tensor | float) -> Tensor:
    """Return eq. 2 of each image, with c = ``smoothing``: one, or ``(N, 1)``."""
    maps, truth, labelled = torch.sigmoid(logits.float()), _two_maps(masks), masks != IGNORE
    maps = maps * labelled[:, None]
    overlap = (maps * truth).sum((2, 3))
    size = maps.sum((2, 3)) + truth.sum((2, 3))
    dice = (2 * overlap + smoothing) / (size + smoothing)
    return -(dice @ dice.new_tensor(WEIGHTS))


def _cross_entropy(logits: Tensor, masks: Tensor, weights: tuple[float, float]) -> Tensor:
    """Return the cross-entropy of each image, its classes (catheter, background) weighted."""
    classes = torch.where(masks == IGNORE, IGNORE, (masks != INSTRUMENT).to(masks.dtype)).long()
    shares = functional.logsigmoid(logits.float())  # cross_entropy divides by their sum
    errors = functional.cross_entropy(
        shares, classes, shares.new_tensor(weights), ignore_index=IGNORE, reduction="none"
    )
    labelled = (masks != IGNORE).sum((1, 2)).clamp(min=1)
    return errors.sum((1, 2)) / labelled


def _two_maps(masks: Tensor) -> Tensor:
    """Return ``(N, 2, H, W)`` float32: catheter, background; ignored pixels are in neither."""
    return torch.stack([masks == INSTRUMENT, masks == 0], dim=1).float()
