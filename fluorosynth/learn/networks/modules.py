"""Operations that PyTorch has as functions only, as modules so that they can be numbered."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Add(nn.Module):
    """The sum of two tensors."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Add ``a`` and ``b`` of one shape."""
        return a + b


class Concatenate(nn.Module):
    """Two tensors along the channels."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Join ``(N, A, H, W)`` and ``(N, B, H, W)`` to ``(N, A + B, H, W)``."""
        return torch.cat((a, b), dim=1)


class GaussianNoise(nn.Module):
    """White noise of standard deviation ``sigma`` while training, nothing otherwise."""

    def __init__(self, sigma: float) -> None:
        super().__init__()
        self.sigma = sigma

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` with noise added in training mode."""
        return x + self.sigma * torch.randn_like(x) if self.training else x

    def extra_repr(self) -> str:
        """Show sigma."""
        return f"sigma={self.sigma}"


class SameConv2d(nn.Conv2d):
    """A convolution whose output is the input's size divided by ``stride``.

    Padded with zeros as TensorFlow's "same": with an even kernel the odd pixel goes right and
    below.
    """

    def __init__(self, channels: int, width: int, size: int, stride: int = 1) -> None:
        around, self._odd = divmod(size - stride, 2)
        super().__init__(channels, width, size, stride, around)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve ``(N, C, H, W)`` to ``(N, width, H / stride, W / stride)``."""
        return super().forward(functional.pad(x, (0, self._odd, 0, self._odd)) if self._odd else x)
