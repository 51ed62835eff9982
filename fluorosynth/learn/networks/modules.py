"""Operations that PyTorch has as functions only, as modules so that they can be numbered."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Add(nn.Module):
    """The sum of two tensors."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Add two tensors.

        Parameters
        ----------
        a
            Tensor of any shape.
        b
            Tensor of the same shape.
        """
        return a + b


class Concatenate(nn.Module):
    """Two tensors along the channels."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Join two tensors to ``(N, A + B, H, W)``.

        Parameters
        ----------
        a
            Tensor, ``(N, A, H, W)``.
        b
            Tensor, ``(N, B, H, W)``.
        """
        return torch.cat((a, b), dim=1)


class GaussianNoise(nn.Module):
    """White noise while training, nothing otherwise.

    Parameters
    ----------
    sigma
        Standard deviation of the noise.
    """

    def __init__(self, sigma: float) -> None:
        super().__init__()
        self.sigma = sigma

    def forward(self, x: Tensor) -> Tensor:
        """Return a tensor with noise added in training mode.

        Parameters
        ----------
        x
            Tensor of any shape.
        """
        return x + self.sigma * torch.randn_like(x) if self.training else x

    def extra_repr(self) -> str:
        """Show sigma."""
        return f"sigma={self.sigma}"


class SameConv2d(nn.Conv2d):
    """A convolution whose output is the input's size divided by the stride.

    Padded with zeros as TensorFlow's "same": with an even kernel the odd pixel goes right and
    below.

    Parameters
    ----------
    channels
        Channels of the input.
    width
        Channels of the output.
    size
        Side of the kernel, px.
    stride
        Step of the kernel, px.
    """

    def __init__(self, channels: int, width: int, size: int, stride: int = 1) -> None:
        around, self._odd = divmod(size - stride, 2)
        super().__init__(channels, width, size, stride, around)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve to ``(N, width, H / stride, W / stride)``.

        Parameters
        ----------
        x
            Tensor, ``(N, C, H, W)``.
        """
        return super().forward(functional.pad(x, (0, self._odd, 0, self._odd)) if self._odd else x)
