"""The same network in fewer operations: exact rewritings for prediction.

Of a trained network, what is linear is put together beforehand: batch norms go into the
convolutions before them, a sum of two convolutions of one input (or of one and its input) becomes
one convolution, and a convolution of pixels that were doubled becomes a transposed one on those
before, which takes 16 products where there were 36 (Ding et al., RepVGG, CVPR 2021, section 3.3;
Shi et al., arXiv:1609.07009). Results agree to rounding.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from fluorosynth.learn.networks import Network
from fluorosynth.learn.networks.modules import Add, Concatenate, GaussianNoise, SameConv2d


@dataclass
class Step:
    """One operation of a folded network.

    Parameters
    ----------
    module
        Module that does it.
    inputs
        Numbers of the steps that it takes; 0 is the network's input.
    channels
        Number of channels of its output.
    """

    module: nn.Module
    inputs: tuple[int, ...]
    channels: int


Program = dict[int, Step]  # by the number of the output, in order


class Folded(nn.Module):
    """A network as ``fold`` returns it: for prediction alone, else used as the original is.

    Parameters
    ----------
    program
        Steps in order.
    channels
        Channels of the input.
    multiple
        Number that height and width must be multiples of.
    """

    def __init__(self, program: Program, channels: int, multiple: int) -> None:
        super().__init__()
        self.channels, self.multiple = channels, multiple
        self.modules_in_order = nn.ModuleList(step.module for step in program.values())
        last = {i: number for number, step in program.items() for i in step.inputs}
        self._wiring = [
            (number, step.inputs, [i for i, n in last.items() if n == number])
            for number, step in program.items()
        ]

    def forward(self, frames: Tensor) -> Tensor:
        """Return logits, ``(N, 2, H, W)`` float.

        Parameters
        ----------
        frames
            Normalised frames, ``(N, channels, H, W)`` float.
        """
        height, width = frames.shape[-2:]
        around = (0, -width % self.multiple, 0, -height % self.multiple)
        outputs = {0: functional.pad(frames, around, mode="replicate")}
        for module, (number, inputs, expired) in zip(
            self.modules_in_order, self._wiring, strict=True
        ):
            outputs[number] = module(*(outputs[i] for i in inputs))
            for i in expired:
                del outputs[i]
        return outputs.popitem()[1][..., :height, :width]

    def maps(self, frames: Tensor) -> Tensor:
        """Return the ``(N, 2, H, W)`` maps in [0, 1]: catheter, background.

        Parameters
        ----------
        frames
            Normalised frames, ``(N, channels, H, W)`` float.
        """
        return torch.sigmoid(self(frames))


class DoubledConv2d(nn.Module):
    """A convolution of doubled pixels, and of further channels that are not doubled.

    Parameters
    ----------
    conv
        Convolution to replace, of stride 1: its first ``channels`` inputs are doubled ones.
    channels
        Number of these.
    """

    def __init__(self, conv: SameConv2d, channels: int) -> None:
        super().__init__()
        weight, size, before = conv.weight.data, conv.kernel_size[0], int(conv.padding[0])
        width = conv.out_channels
        self.doubled = nn.ConvTranspose2d(
            channels, width, size + 1, 2, size - 1 - before, size - 1 - 2 * before
        )
        each = weight[:, :channels].flip(2, 3).reshape(-1, 1, size, size)
        spread = functional.conv2d(each, each.new_ones(1, 1, 2, 2), padding=1)
        spread = spread.reshape(width, channels, size + 1, size + 1).transpose(0, 1)
        self.doubled.weight.data = spread.contiguous()
        self.doubled.bias = conv.bias
        self.beside: SameConv2d | None = None
        if channels < conv.in_channels:
            self.beside = SameConv2d(conv.in_channels - channels, width, size)
            self.beside.weight.data = weight[:, channels:].contiguous()
            self.beside.bias = None

    def forward(self, low: Tensor, beside: Tensor | None = None) -> Tensor:
        """Return what the convolution gives, ``(N, width, 2 H, 2 W)``.

        Parameters
        ----------
        low
            Pixels before they are doubled, ``(N, C, H, W)``.
        beside
            Channels that are not doubled, ``(N, D, 2 H, 2 W)``.
        """
        y: Tensor = self.doubled(low)
        return y if self.beside is None else y + self.beside(beside)


def fold(network: Network) -> Folded:
    """Return a copy of ``network`` that gives the same maps faster.

    Parameters
    ----------
    network
        Not changed.

    Examples
    --------
    >>> from fluorosynth.learn.networks import build
    >>> net, image = build("light").eval(), torch.randn(1, 1, 40, 50)
    >>> torch.allclose(fold(net)(image), net(image), atol=1e-4)
    True
    """
    modules = list(copy.deepcopy(network.layers).cpu().eval().double())
    program = {
        number: Step(module, node.inputs, node.channels)
        for number, (module, node) in enumerate(zip(modules, network.nodes, strict=True))
        if node.inputs
    }
    for rule in RULES:
        for number in list(program):
            if number in program:
                rule(program, number)
    folded = Folded(program, network.channels, network.multiple).float().eval()
    return folded.requires_grad_(False).to(next(network.parameters()).device)


def _drop_training_noise(program: Program, number: int) -> None:
    if isinstance(program[number].module, nn.Dropout | GaussianNoise | nn.Identity):
        _replace(program, number, program[number].inputs[0])


def _fold_batch_norm(program: Program, number: int) -> None:
    norm, before = program[number].module, program[number].inputs[0]
    conv = _conv_for(program, before, number)
    if not isinstance(norm, nn.BatchNorm2d) or conv is None:
        return
    assert norm.running_mean is not None and norm.running_var is not None  # noqa: S101, PT018
    scale = norm.weight.data / (norm.running_var + norm.eps).sqrt()
    conv.weight.data *= scale[:, None, None, None]
    _bias(conv).data = (_bias(conv).data - norm.running_mean) * scale + norm.bias.data
    _replace(program, number, before)


def _merge_sum(program: Program, number: int) -> None:
    """Make one convolution of two with one input, or of one and its input."""
    if not isinstance(program[number].module, Add):
        return
    first, second = program[number].inputs
    conv, other = _conv_for(program, first, number), _conv_for(program, second, number)
    if conv is None or conv.stride != (1, 1) or conv.kernel_size[0] % 2 == 0:
        return
    weight = conv.weight.data
    if program[first].inputs == (second,):
        conv.weight.data = weight + nn.init.dirac_(torch.zeros_like(weight))
    elif other is not None and program[first].inputs == program[second].inputs:
        around = (conv.kernel_size[0] - other.kernel_size[0]) // 2
        if other.stride != (1, 1) or other.kernel_size[0] % 2 == 0 or around < 0:
            return
        conv.weight.data = weight + functional.pad(other.weight.data, (around,) * 4)
        _bias(conv).data += _bias(other).data
        del program[second]
    else:
        return
    _replace(program, number, first)


def _merge_doubling(program: Program, number: int) -> None:
    """Convolve before doubling the pixels, not after."""
    conv = program[number].module
    if not isinstance(conv, SameConv2d) or conv.stride != (1, 1) or conv.kernel_size[0] < 2:
        return
    source = program[number].inputs[0]
    joined = source in program and isinstance(program[source].module, Concatenate)
    up, *beside = program[source].inputs if joined else (source,)
    if up not in program or not isinstance(program[up].module, nn.Upsample):
        return
    if _users(program, source) != [number] or (joined and _users(program, up) != [source]):
        return
    merged = DoubledConv2d(conv, program[up].channels)
    program[number] = Step(merged, (program[up].inputs[0], *beside), conv.out_channels)
    for gone in {source, up}:
        del program[gone]


def _rectify_in_place(program: Program, number: int) -> None:
    module, source = program[number].module, program[number].inputs[0]
    if isinstance(module, nn.ReLU) and source and _users(program, source) == [number]:
        module.inplace = True


RULES: tuple[Callable[[Program, int], None], ...] = (
    _drop_training_noise, _fold_batch_norm, _merge_sum, _merge_doubling, _rectify_in_place
)  # fmt: skip


def _replace(program: Program, number: int, by: int) -> None:
    """Take a step out; who used its output uses that of step ``by``."""
    del program[number]
    for step in program.values():
        step.inputs = tuple(by if i == number else i for i in step.inputs)


def _users(program: Program, number: int) -> list[int]:
    return [n for n, step in program.items() if number in step.inputs]


def _conv_for(program: Program, number: int, user: int) -> SameConv2d | None:
    """Return the convolution of step ``number`` if ``user`` alone needs its output."""
    module = program[number].module if number in program else None
    if isinstance(module, SameConv2d) and _users(program, number) == [user]:
        return module
    return None


def _bias(conv: SameConv2d) -> Tensor:
    assert conv.bias is not None  # noqa: S101 - for the type checker
    return conv.bias
