"""The engines by their names."""

from __future__ import annotations

from fluorosynth.errors import UsageError
from fluorosynth.learn.device import pick_device
from fluorosynth.learn.networks import Network
from fluorosynth.learn.prediction.engine import Engine
from fluorosynth.learn.prediction.torch_engine import Mode, TorchEngine

ENGINES = ("torch", "onnx", "openvino")


def open_engine(name: str, network: Network, device: str, mode: Mode | None = None) -> Engine:
    """Return an engine with a network in it.

    Parameters
    ----------
    name
        Name of the engine, one of ``ENGINES``.
    network
        Network; it is not changed.
    device
        Name of a PyTorch device; ``"auto"``: the best one that the engine has.
    mode
        Way in which PyTorch runs it; None: the best one of the device.

    Raises
    ------
    UsageError
        For another name, or a device or a mode that the engine does not have.
    MissingExtraError
        When its package is not installed.
    """
    if name not in ENGINES:
        raise UsageError(f"`engine` must be one of {', '.join(ENGINES)}, not {name!r}")
    if name == "torch":
        return TorchEngine(network, pick_device(device), mode)
    if device not in ("auto", "cpu") or mode is not None:
        raise UsageError(
            f"`engine` {name} computes on the processor, in its own way: leave `device` "
            f"{device!r} to `engine` torch"
        )
    if name == "onnx":
        from fluorosynth.learn.prediction.onnx_engine import OnnxEngine

        return OnnxEngine(network)
    from fluorosynth.learn.prediction.openvino_engine import OpenvinoEngine

    return OpenvinoEngine(network)
