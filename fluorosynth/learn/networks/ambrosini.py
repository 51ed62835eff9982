"""The network of Ambrosini et al., the publication's baseline."""

from __future__ import annotations

from fluorosynth.learn.networks.base import Network
from fluorosynth.learn.networks.graph import Graph

DROPOUT = 0.5
NOISE = 0.03


class AmbrosiniUNet(Network):
    """U-Net of nine residual blocks, the publication's baseline.

    Ambrosini, Ruijters, Niessen, Moelker, van Walsum, "Fully automatic and real-time catheter
    segmentation in X-ray fluoroscopy", MICCAI 2017, at the size of Gherardini et al. 2020,
    Table 6. Five levels of 32 to 512 channels; noise of 0.03 on the normalised input; a dropout
    of 0.5 after every block. Their input is four frames, t-3 to t: ``channels=4``.

    Examples
    --------
    >>> net = AmbrosiniUNet()
    >>> len(net.layers), sum(p.numel() for p in net.parameters())
    (110, 14133154)
    """

    centre = 52

    def draw(self, graph: Graph) -> None:
        """Describe the 110 layers."""
        x, skips = graph.noise(graph.input, NOISE), []
        x = graph.relu(graph.batch_norm(graph.conv(x, 32, size=1)))
        for level, width in enumerate((32, 64, 128, 256)):
            graph.block = f"encoder_{level}"
            skips.append(self._residual(graph, x, width))
            graph.block = f"down_{level}"
            x = graph.conv(skips[-1], 2 * width, size=2, stride=2)
            x = graph.relu(graph.batch_norm(x))
        graph.block = "bottom"
        x = self._residual(graph, x, 512)
        for level, width in ((3, 256), (2, 128), (1, 64), (0, 32)):
            graph.block = f"up_{level}"
            x = graph.relu(graph.batch_norm(graph.conv(graph.up(x), width, size=2)))
            graph.block = f"decoder_{level}"
            x = self._residual(graph, graph.concatenate(x, skips[level]), 2 * width)
        graph.block = "output"
        graph.conv(x, 2, size=1)

    @staticmethod
    def _residual(graph: Graph, x: int, width: int) -> int:
        y = graph.relu(graph.batch_norm(graph.conv(x, width)))
        y = graph.batch_norm(graph.conv(y, width))
        return graph.dropout(graph.relu(graph.add(y, x)), DROPOUT)
