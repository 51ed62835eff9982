"""Which device, which precision, and what to say when memory runs out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import torch

from fluorosynth.errors import FluorosynthError, UsageError


class OutOfMemoryError(FluorosynthError):
    """The work does not fit into the device's memory; the message says what to lower."""


def pick_device(name: str = "auto") -> torch.device:
    """Return a device by its name.

    Parameters
    ----------
    name
        Name as PyTorch has it; ``"auto"`` is CUDA, else MPS, else the CPU.

    Raises
    ------
    UsageError
        For a name that PyTorch does not know, or a device that is not there.
    """
    if name == "auto":
        mps = torch.backends.mps.is_available()
        name = "cuda" if torch.cuda.is_available() else "mps" if mps else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"device {name!r} cannot be used: {reason}") from None
    return device


def has_bf16(device: torch.device) -> bool:
    """Tell whether a device computes with bfloat16 in hardware.

    Parameters
    ----------
    device
        Device in question.
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return False


def autocast(device: torch.device, precision: str) -> AbstractContextManager[None]:
    """Return the context in which a network runs in a precision.

    Parameters
    ----------
    device
        Device of the network.
    precision
        Name of the precision: ``"auto"``, ``"fp32"`` or ``"bf16"``.
    """
    bf16 = precision == "bf16" or (precision == "auto" and has_bf16(device))
    context: AbstractContextManager[None] = torch.autocast(
        device.type, torch.bfloat16, enabled=bf16
    )
    return context


def memory_format(device: torch.device) -> torch.memory_format:
    """Return the faster layout of images: channels last where the kernels are made for it.

    Parameters
    ----------
    device
        Device of the network.
    """
    known = device.type in ("cuda", "cpu")
    return torch.channels_last if known else torch.contiguous_format


@contextmanager
def memory_errors(advice: str) -> Iterator[None]:
    """Turn a failed allocation into one sentence.

    Parameters
    ----------
    advice
        End of the sentence: the way out.
    """
    try:
        yield
    except RuntimeError as error:
        text = str(error)
        short = isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in text
        if not short:
            raise
        raise OutOfMemoryError(f"out of memory: {advice}") from error
    except MemoryError as error:
        raise OutOfMemoryError(f"out of memory: {advice}") from error


@contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch compute every operation in one thread, in threads begun in here too.

    Then results are the same, bit for bit, on any number of cores: PyTorch and oneDNN choose
    their convolutions and split their sums by the number of threads.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
