"""What a network is: a list of numbered layers, counted as Keras counts them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from fluorosynth.core.component import Component
from fluorosynth.errors import UsageError
from fluorosynth.learn.networks.graph import Graph, Node


@dataclass(frozen=True)
class Layer:
    """One row of a network's table.

    Parameters
    ----------
    number
        Number of the layer, from 0 (the input).
    kind
        Name of the layer's kind in Keras.
    name
        Name of the layer.
    shape
        Shape of the output, ``(H, W, C)``.
    parameters
        Number of parameters; of a batch norm with its two running statistics, as Keras counts.
    trainable
        Number of those that are trained.
    module
        Module of the layer.
    """

    number: int
    kind: str
    name: str
    shape: tuple[int, int, int]
    parameters: int
    trainable: int
    module: nn.Module


class Network(nn.Module, Component):
    """A fully convolutional network from frames to two complementary maps.

    The input is ``(N, channels, H, W)`` float, normalised; any H and W (the border is repeated
    up to a multiple of what the network needs, and the output cropped back). The output is
    ``(N, 2, H, W)`` logits: channel 0 is the catheter, channel 1 the background; their sigmoids
    are the maps of the publication.

    A network is one file that describes its layers in ``draw``; a layer's number is the order of
    that description, and ``layers[number]`` is its module.

    Parameters
    ----------
    channels
        Number of input channels, >= 1: consecutive frames, the newest last.
    """

    centre: ClassVar[int]  # the deepest layer: "the deepest n layers" lie symmetric about it
    version: ClassVar[int] = 1  # of the layout: raised when numbers or weights change meaning

    def __init__(self, channels: int = 1) -> None:
        super().__init__()
        if not (isinstance(channels, int) and channels >= 1):
            raise ValueError(f"channels must be a whole number >= 1, not {channels!r}")
        self.channels = channels
        graph = Graph(channels)
        self.draw(graph)
        self.nodes: list[Node] = graph.nodes
        self.layers = nn.ModuleList(graph.modules)
        self.multiple = max(node.scale for node in self.nodes)
        self._expired = graph.expired()
        self._frozen: set[int] = set()

    @abstractmethod
    def draw(self, graph: Graph) -> None:
        """Describe the layers, input to output; the last one must be the two logit maps.

        Parameters
        ----------
        graph
            Graph that collects the layers.
        """

    @property
    def config(self) -> dict[str, Any]:
        """The constructor's arguments, JSON-compatible."""
        return {"channels": self.channels}

    def forward(self, frames: Tensor) -> Tensor:
        """Return logits, ``(N, 2, H, W)`` float.

        Parameters
        ----------
        frames
            Normalised frames, ``(N, channels, H, W)`` float.
        """
        height, width = frames.shape[-2:]
        below, right = -height % self.multiple, -width % self.multiple
        outputs: list[Tensor | None] = [
            functional.pad(frames, (0, right, 0, below), mode="replicate")
        ]
        for number, node in enumerate(self.nodes[1:], 1):
            outputs.append(self.layers[number](*(outputs[i] for i in node.inputs)))
            for i in self._expired[number]:
                outputs[i] = None
        logits = outputs[-1]
        assert logits is not None  # noqa: S101 - for the type checker
        return logits[..., :height, :width]

    def maps(self, frames: Tensor) -> Tensor:
        """Return the ``(N, 2, H, W)`` maps in [0, 1]: catheter, background.

        Parameters
        ----------
        frames
            Normalised frames, ``(N, channels, H, W)`` float.
        """
        return torch.sigmoid(self(frames))

    def lean_to_background(self, amount: float) -> None:
        """Move the biases of the last layer towards background.

        Parameters
        ----------
        amount
            Amount added to the background map's bias and taken from the catheter map's.
        """
        bias = self.layers[-1].bias
        assert isinstance(bias, Tensor)  # noqa: S101 - for the type checker
        with torch.no_grad():
            bias += bias.new_tensor([-amount, amount])

    def table(self, height: int = 256, width: int = 256) -> list[Layer]:
        """Return one row per layer, with output shapes for an input of this size.

        Parameters
        ----------
        height
            Height of the input, px.
        width
            Width of the input, px.
        """
        padded = height + -height % self.multiple, width + -width % self.multiple
        return [
            Layer(
                number,
                node.kind,
                node.name,
                (padded[0] // node.scale, padded[1] // node.scale, node.channels),
                sum(t.numel() for t in module.state_dict().values() if t.is_floating_point()),
                sum(p.numel() for p in module.parameters()),
                module,
            )
            for number, (node, module) in enumerate(zip(self.nodes, self.layers, strict=True))
        ]

    def least_batch(self, side: int, span: tuple[int, int] | None = None) -> int:
        """Return how many pictures a batch must have in training.

        Two where a batch norm that trains would see a single pixel of each: the variance of one
        value is none.

        Parameters
        ----------
        side
            Longer side of the pictures, px.
        span
            First and last layer that train; None: all.

        Examples
        --------
        >>> from fluorosynth.learn.networks import build
        >>> build("light_plain").least_batch(16), build("light_plain").least_batch(17)
        (2, 1)
        """
        first, last = span or (0, len(self.layers) - 1)
        layers = list(zip(self.nodes, self.layers, strict=True))[first : last + 1]
        alone = (
            isinstance(module, nn.BatchNorm2d) and side <= node.scale for node, module in layers
        )
        return 2 if any(alone) else 1

    def layer_modules(self, first: int, last: int) -> Sequence[nn.Module]:
        """Return the modules of a span of layers.

        Parameters
        ----------
        first
            Number of the first layer.
        last
            Number of the last layer, included.
        """
        if not 0 <= first <= last < len(self.layers):
            raise UsageError(
                f"layers {first}-{last} do not exist: {self.kind} has 0-{len(self.layers) - 1}"
            )
        return list(self.layers)[first : last + 1]

    def deepest(self, count: int) -> tuple[int, int]:
        """Return first and last number of the deepest layers.

        Parameters
        ----------
        count
            Number of layers, odd: 7, 13, 19.
        """
        half = count // 2
        if count < 1 or count % 2 == 0:
            raise UsageError(f"the deepest layers are an odd number of them, not {count}")
        self.layer_modules(self.centre - half, self.centre + half)
        return self.centre - half, self.centre + half

    def freeze_outside(self, first: int, last: int) -> None:
        """Train a span of layers alone.

        All other weights stop asking for gradients and their batch norms keep to their running
        statistics, in training mode too; dropout and noise stay active, as in Keras.

        Parameters
        ----------
        first
            Number of the first layer that trains.
        last
            Number of the last one, included.
        """
        self.layer_modules(first, last)
        self._frozen = set(range(len(self.layers))) - set(range(first, last + 1))
        for number, module in enumerate(self.layers):
            module.requires_grad_(number not in self._frozen)
        self.train(self.training)

    def train(self, mode: bool = True) -> Network:
        """Set the mode; frozen batch norms stay in evaluation mode.

        Parameters
        ----------
        mode
            Whether the network is to be in training mode.
        """
        super().train(mode)
        for number in self._frozen:
            if isinstance(self.layers[number], nn.BatchNorm2d):
                self.layers[number].eval()
        return self
