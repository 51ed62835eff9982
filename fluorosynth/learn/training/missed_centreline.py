"""How much of the centrelines a map misses: a loss that thin and thick weigh alike in."""

from __future__ import annotations

import torch
from torch import Tensor

from fluorosynth.geometry.thin import thinned
from fluorosynth.sample import INSTRUMENT


def missed_centreline(logits: Tensor, masks: Tensor) -> Tensor:
    r"""Return the share of the centrelines that the catheter map misses, in [0, 1].

    .. math:: 1 - \frac{\sum_{k \in C} P_k}{|C|}

    over the pixels C of the masks' skeletons. A wire counts by its length, as a catheter four
    times as wide does, where in a sum over areas it counts a fourth. It asks for recall alone, so
    it is for adding to a loss that false positives cost something in (Kirchhoff et al., "Skeleton
    Recall Loss", ECCV 2024, without their dilation). A picture without an instrument misses 0.

    Parameters
    ----------
    logits
        Logits, ``(N, 2, H, W)`` float, the catheter's first; the maps are their sigmoids.
    masks
        Labels, ``(N, H, W)`` uint8 {0, 1, 255}. Thinned on the CPU.

    Returns
    -------
    Tensor
        ``(N,)`` float32.

    Examples
    --------
    >>> masks = torch.zeros(1, 9, 30, dtype=torch.uint8)
    >>> masks[0, 3:6, 2:28] = 1
    >>> left = torch.where(torch.arange(30) < 15, 20.0, -20.0).expand(1, 2, 9, 30)
    >>> round(missed_centreline(left, masks).item(), 1)
    0.5
    """
    instruments = (masks == INSTRUMENT).cpu().numpy()
    skeletons = torch.stack([torch.from_numpy(thinned(one)) for one in instruments])
    on_line = skeletons.to(logits.device).float()
    length = on_line.sum((1, 2))
    found = (torch.sigmoid(logits[:, 0].float()) * on_line).sum((1, 2))
    return (length - found) / length.clamp(min=1)
