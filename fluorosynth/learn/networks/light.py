"""The light U-Net at the publication's exact size."""

from __future__ import annotations

from fluorosynth.learn.networks.base import Network
from fluorosynth.learn.networks.graph import Graph


class LightUNet(Network):
    """U-Net with one convolution a level and residual links, the publication's size.

    After Gherardini et al., Computer Methods and Programs in Biomedicine 192 (2020) 105420,
    section 3.1 and Table 6. The text fixes the number of layers, the number of trainable
    parameters and the kinds of layers, but not the widths: this layout is ours, it meets both
    numbers exactly, and the original may differ.

    Encoder at 16, 32 and 64 channels, one 3x3 convolution with an identity link each; strided
    2x2 convolutions down; two 3x3 convolutions at 128 at the bottom (layers 23-29); decoder at
    96, 64 and 40 channels, one 3x3 convolution beside a 1x1 projection each. About 5.1 GMAC for
    256x256. Weights start as PyTorch draws them.

    Examples
    --------
    >>> import torch
    >>> net = LightUNet()
    >>> net(torch.zeros(1, 1, 100, 75)).shape
    torch.Size([1, 2, 100, 75])
    >>> len(net.layers), sum(p.numel() for p in net.parameters())
    (55, 687634)
    """

    centre = 26

    def draw(self, graph: Graph) -> None:
        """Describe the 55 layers."""
        x, skips = graph.conv(graph.input, 16, size=1), []
        for level, width in enumerate((16, 32, 64)):
            graph.block = f"encoder_{level}"
            y = graph.batch_norm(graph.conv(x, width))
            skips.append(graph.relu(graph.add(y, x)))
            graph.block = f"down_{level}"
            x = graph.conv(skips[-1], 2 * width, size=2, stride=2)
            x = graph.relu(graph.batch_norm(x))
        graph.block = "bottom"
        y = graph.relu(graph.batch_norm(graph.conv(x, 128)))
        y = graph.batch_norm(graph.conv(y, 128))
        x = graph.relu(graph.add(y, x))
        for level, width in ((2, 96), (1, 64), (0, 40)):
            graph.block = f"decoder_{level}"
            x = graph.concatenate(graph.up(x), skips[level])
            y, projected = graph.conv(x, width), graph.conv(x, width, size=1)
            y, projected = graph.batch_norm(y), graph.batch_norm(projected)
            x = graph.relu(graph.add(y, projected))
        graph.block = "output"
        graph.conv(x, 2, size=1)
