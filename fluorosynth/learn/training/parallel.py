"""One run over several processes, started by ``torchrun``."""

from __future__ import annotations

import gc
import inspect
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, distributed, nn

from fluorosynth.errors import UsageError
from fluorosynth.io.patience import said_while_waiting
from fluorosynth.learn.device import pick_device


@dataclass(frozen=True)
class Process:
    """One process among those of a training; the first writes the files.

    Parameters
    ----------
    device
        Device of the process.
    rank
        Number of the process, from 0.
    world
        Number of processes.
    """

    device: torch.device
    rank: int = 0
    world: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0

    def sum(self, values: Tensor) -> Tensor:
        """Return the sum over all processes.

        Parameters
        ----------
        values
            Tensor of this process; the sum is on its device.
        """
        if self.world == 1:
            return values
        total = values.to(self.device, copy=True)
        distributed.all_reduce(total)
        return total.to(values.device)

    def parallel(self, network: nn.Module) -> nn.Module:
        """Return a network with gradients averaged over all processes.

        Parameters
        ----------
        network
            Network on the process's device.
        """
        if self.world == 1:
            return network
        parallel: Any = nn.parallel.DistributedDataParallel
        known = inspect.signature(parallel).parameters
        name = "forward_sync_buffers" if "forward_sync_buffers" in known else "broadcast_buffers"
        shared: nn.Module = parallel(network, **{name: False})  # renamed in PyTorch 2.13
        return shared


@contextmanager
def join(device: str = "auto") -> Iterator[Process]:
    """Join the processes that ``torchrun`` started, if it did; leave them at the end.

    Parameters
    ----------
    device
        Name of a PyTorch device, or ``"auto"``.

    Raises
    ------
    UsageError
        When the environment is not the one that ``torchrun`` makes.
    """
    world = _world()
    if world == 1:
        yield Process(pick_device(device))
        return
    if device == "auto" and torch.cuda.is_available():
        device = f"cuda:{os.environ['LOCAL_RANK']}"
    picked = pick_device(device)
    if picked.type == "cuda":
        torch.cuda.set_device(picked)
    # DistributedDataParallel imports it, and keeps the first group that it finds then for ever.
    import_module("torch._dynamo")
    rank, place = os.environ["RANK"], f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
    with said_while_waiting(lambda: f"process {rank} of {world} waits for the others at {place}"):
        distributed.init_process_group("nccl" if picked.type == "cuda" else "gloo")
    try:
        yield Process(picked, distributed.get_rank(), world)
    finally:
        gc.collect()  # a group's threads end with its last user; Python may not end before them
        distributed.destroy_process_group()


def _world() -> int:
    """Return how many processes train together, as the environment says it."""
    given = os.environ.get("WORLD_SIZE") or "1"
    if given == "1":  # many clusters set this for each job
        return 1
    names = ["WORLD_SIZE", "RANK", "MASTER_PORT", "MASTER_ADDR"]
    names += ["LOCAL_RANK"] * torch.cuda.is_available()
    for name in names:
        value = os.environ.get(name, "")
        if not (value if name == "MASTER_ADDR" else value.isdecimal()):
            raise UsageError(
                f"WORLD_SIZE is {given!r} and {name} {value!r}: start the processes of a training "
                "by torchrun, or unset WORLD_SIZE"
            )
    return int(given)


def share_batch_norms(network: nn.Module) -> None:
    """Let every batch norm of a network see the global batch, on any device, in place.

    Parameters
    ----------
    network
        Network to change.
    """
    for module in network.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = SharedBatchNorm2d


class SharedBatchNorm2d(nn.BatchNorm2d):
    """A batch norm over the batches of all processes.

    What ``torch.nn.SyncBatchNorm`` is on CUDA, for the CPU too.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalise by the statistics of all processes' batches.

        Parameters
        ----------
        x
            Tensor, ``(N, C, H, W)``.
        """
        if not self.training:
            return super().forward(x)
        values = x.float()
        count = values.new_full((self.num_features,), values.numel() / self.num_features)
        sums = torch.stack([values.sum((0, 2, 3)), values.square().sum((0, 2, 3)), count])
        total, squares, number = _Sum.apply(sums)  # type: ignore[no-untyped-call]
        mean = total / number
        variance = squares / number - mean.square()
        self._track(mean.detach(), variance.detach(), number[0].item())
        scale = torch.rsqrt(variance + self.eps) * self.weight
        shift = self.bias - mean * scale
        normal: Tensor = values * scale[:, None, None] + shift[:, None, None]
        return normal.to(x.dtype)

    def _track(self, mean: Tensor, variance: Tensor, number: float) -> None:
        assert self.running_mean is not None  # noqa: S101 - for the type checker
        assert self.running_var is not None  # noqa: S101
        assert self.num_batches_tracked is not None  # noqa: S101
        assert self.momentum is not None  # noqa: S101
        self.num_batches_tracked += 1
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * number / (number - 1), self.momentum)


class _Sum(torch.autograd.Function):
    """The sum over all processes; so is its gradient."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:  # noqa: ARG004
        values = values.clone()
        distributed.all_reduce(values)
        return values

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # noqa: ARG004
        gradient = gradient.contiguous().clone()
        distributed.all_reduce(gradient)
        return gradient
