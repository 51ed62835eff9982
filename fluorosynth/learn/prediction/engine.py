"""What computes a network's maps: PyTorch, or another runtime on the processor."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor


class Engine(Protocol):
    """A network that is ready to compute; as a text, how it does."""

    device: torch.device  # where frames are to lie

    def maps(self, frames: Tensor) -> Tensor:
        """Return the catheter maps, ``(N, 1, H, W)`` float32 in [0, 1].

        Parameters
        ----------
        frames
            Normalised frames, ``(N, K, H, W)`` float32, on ``device``.
        """
