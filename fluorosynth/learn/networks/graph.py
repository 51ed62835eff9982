"""A small functional interface to describe a network layer by layer."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from fluorosynth.learn.networks.modules import Add, Concatenate, GaussianNoise, SameConv2d


@dataclass(frozen=True)
class Node:
    """The place of a layer in a network.

    Parameters
    ----------
    kind
        Name of the layer's kind in Keras.
    name
        Name of the layer.
    inputs
        Numbers of the layers that it takes.
    channels
        Number of channels of its output.
    scale
        Factor by which its resolution is lower than the input's.
    """

    kind: str
    name: str
    inputs: tuple[int, ...]
    channels: int
    scale: int


class Graph:
    """Collects layers in order; each method adds one and returns its number.

    Parameters
    ----------
    channels
        Channels of the input, which is layer 0.

    Examples
    --------
    >>> graph = Graph(1)
    >>> x = graph.relu(graph.batch_norm(graph.conv(graph.input, 16)))
    >>> [node.kind for node in graph.nodes]
    ['InputLayer', 'Conv2D', 'BatchNormalization', 'Activation']
    """

    input = 0

    def __init__(self, channels: int) -> None:
        self.nodes = [Node("InputLayer", "input", (), channels, 1)]
        self.modules: list[nn.Module] = [nn.Identity()]
        self.block = "stem"

    def conv(self, x: int, width: int, size: int = 3, stride: int = 1) -> int:
        """Convolve with bias; the output is as large as the input divided by the stride.

        Parameters
        ----------
        x
            Number of the layer before.
        width
            Channels of the output.
        size
            Side of the kernel, px.
        stride
            Step of the kernel, px.
        """
        before = self.nodes[x]
        module = SameConv2d(before.channels, width, size, stride)
        return self._add("Conv2D", module, (x,), width, before.scale * stride)

    def batch_norm(self, x: int) -> int:
        """Normalise each channel by the batch.

        Parameters
        ----------
        x
            Number of the layer before.
        """
        return self._same("BatchNormalization", nn.BatchNorm2d(self.nodes[x].channels), x)

    def relu(self, x: int) -> int:
        """Rectify.

        Parameters
        ----------
        x
            Number of the layer before.
        """
        return self._same("Activation", nn.ReLU(), x)

    def dropout(self, x: int, share: float) -> int:
        """Drop single values while training.

        Parameters
        ----------
        x
            Number of the layer before.
        share
            Share of the values dropped.
        """
        return self._same("Dropout", nn.Dropout(share), x)

    def noise(self, x: int, sigma: float) -> int:
        """Add white noise while training.

        Parameters
        ----------
        x
            Number of the layer before.
        sigma
            Standard deviation of the noise.
        """
        return self._same("GaussianNoise", GaussianNoise(sigma), x)

    def add(self, a: int, b: int) -> int:
        """Add two outputs of one shape.

        Parameters
        ----------
        a
            Number of one layer before.
        b
            Number of the other.
        """
        return self._add("Add", Add(), (a, b), self.nodes[a].channels, self.nodes[a].scale)

    def max_pool(self, x: int) -> int:
        """Halve the resolution by the maximum of 2x2.

        Parameters
        ----------
        x
            Number of the layer before.
        """
        node = self.nodes[x]
        return self._add("MaxPooling2D", nn.MaxPool2d(2), (x,), node.channels, node.scale * 2)

    def up(self, x: int) -> int:
        """Double the resolution by repeating pixels.

        Parameters
        ----------
        x
            Number of the layer before.
        """
        node = self.nodes[x]
        module = nn.Upsample(scale_factor=2, mode="nearest")
        return self._add("UpSampling2D", module, (x,), node.channels, node.scale // 2)

    def concatenate(self, a: int, b: int) -> int:
        """Put the channels of two outputs one after the other.

        Parameters
        ----------
        a
            Number of the layer whose channels come first.
        b
            Number of the other.
        """
        channels = self.nodes[a].channels + self.nodes[b].channels
        return self._add("Concatenate", Concatenate(), (a, b), channels, self.nodes[a].scale)

    def expired(self) -> list[list[int]]:
        """Return, for each layer, the outputs that no later one needs, so they can be freed."""
        last = {i: n for n, node in enumerate(self.nodes) for i in node.inputs}
        return [[i for i, n in last.items() if n == number] for number in range(len(self.nodes))]

    def _same(self, kind: str, module: nn.Module, x: int) -> int:
        return self._add(kind, module, (x,), self.nodes[x].channels, self.nodes[x].scale)

    def _add(
        self, kind: str, module: nn.Module, inputs: tuple[int, ...], channels: int, scale: int
    ) -> int:
        self.nodes.append(Node(kind, self.block, inputs, channels, scale))
        self.modules.append(module)
        return len(self.nodes) - 1
