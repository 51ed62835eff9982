"""Networks in PyTorch, in the best mode of the machine."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor

from fluorosynth.learn.device import has_bf16
from fluorosynth.learn.networks import Network
from fluorosynth.learn.prediction.engine import Engine
from fluorosynth.learn.prediction.fold import fold


@dataclass(frozen=True)
class Mode:
    """How a network is run.

    Parameters
    ----------
    folded
        Whether it is rewritten by ``fold``.
    channels_last
        Whether channels lie last in memory.
    bf16
        Whether it computes in bfloat16.
    """

    folded: bool = True
    channels_last: bool = True
    bf16: bool = False

    def __str__(self) -> str:
        parts = {"folded": self.folded, "channels-last": self.channels_last, "bf16": self.bf16}
        return ", ".join(name for name, on in parts.items() if on) or "as trained"


def modes(device: torch.device) -> list[Mode]:
    """Return the modes that make sense on a device, from the plainest to the best.

    Parameters
    ----------
    device
        Device in question.
    """
    found = [Mode(False, False), Mode(True, False)]
    if device.type != "mps":
        found.append(Mode())
        if has_bf16(device):
            found.append(Mode(bf16=True))
    return found


class TorchEngine(Engine):
    """See ``Engine``.

    Parameters
    ----------
    network
        Network; it is not changed.
    device
        Device to compute on.
    mode
        Way in which the network is run; None: the best one of the device: folded, channels last,
        and bfloat16 where the device has instructions for it.
    """

    def __init__(self, network: Network, device: torch.device, mode: Mode | None = None) -> None:
        self.device = device
        self.mode = mode or modes(device)[-1]
        self.dtype = torch.bfloat16 if self.mode.bf16 else torch.float32
        self.layout = torch.channels_last if self.mode.channels_last else torch.contiguous_format
        ready = fold(network) if self.mode.folded else copy.deepcopy(network).eval()
        self.network = ready.to(device, self.dtype)
        self.network.to(memory_format=self.layout)  # type: ignore[call-overload]

    def __str__(self) -> str:
        return str(self.mode)

    def maps(self, frames: Tensor) -> Tensor:
        """Compute in PyTorch."""
        logits = self.network(frames.to(self.dtype).contiguous(memory_format=self.layout))
        return torch.sigmoid(logits[:, :1].float())
