"""Networks in ONNX Runtime, on the processor, in float32."""

from __future__ import annotations

import torch
from torch import Tensor

from fluorosynth.errors import extra
from fluorosynth.learn.networks import Network
from fluorosynth.learn.prediction.converted import FRAMES, converted
from fluorosynth.learn.prediction.engine import Engine


class OnnxEngine(Engine):
    """See ``Engine``.

    Parameters
    ----------
    network
        Network; it is not changed.

    Raises
    ------
    MissingExtraError
        When ONNX or ONNX Runtime is not installed.
    """

    device = torch.device("cpu")

    def __init__(self, network: Network) -> None:
        with extra("onnx", "`engine` onnx needs ONNX Runtime"):
            import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        # Its threads would wait for work in a loop, on the core on which masks are traced
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            converted(network), options, providers=["CPUExecutionProvider"]
        )

    def __str__(self) -> str:
        return "ONNX Runtime"

    def maps(self, frames: Tensor) -> Tensor:
        """Compute in ONNX Runtime."""
        (found,) = self._session.run(None, {FRAMES: frames.contiguous().numpy()})
        return torch.from_numpy(found)
