"""Networks in OpenVINO, on the processor, in bfloat16 where it has instructions for that."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from fluorosynth.errors import extra
from fluorosynth.learn.device import has_bf16
from fluorosynth.learn.networks import Network
from fluorosynth.learn.prediction.converted import converted
from fluorosynth.learn.prediction.engine import Engine


class OpenvinoEngine(Engine):
    """See ``Engine``.

    Parameters
    ----------
    network
        Network; it is not changed.

    Raises
    ------
    MissingExtraError
        When ONNX or OpenVINO is not installed.
    """

    device = torch.device("cpu")

    def __init__(self, network: Network) -> None:
        with extra("openvino", "`engine` openvino needs OpenVINO"), _no_telemetry():
            import openvino
        self.precision = "bf16" if has_bf16(self.device) else "f32"
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": self.precision,
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        }
        core = openvino.Core()
        compiled = core.compile_model(core.read_model(converted(network)), "CPU", settings)
        self._request = compiled.create_infer_request()

    def __str__(self) -> str:
        return f"OpenVINO, {self.precision}"

    def maps(self, frames: Tensor) -> Tensor:
        """Compute in OpenVINO."""
        found = self._request.infer([frames.contiguous().numpy()], share_inputs=True)
        return torch.from_numpy(found[0].copy())  # the next frames overwrite it


@contextmanager
def _no_telemetry() -> Iterator[None]:
    """Keep OpenVINO from asking the network when it is imported."""
    name = "openvino_telemetry"
    hidden = name not in sys.modules
    if hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if hidden:
            del sys.modules[name]
