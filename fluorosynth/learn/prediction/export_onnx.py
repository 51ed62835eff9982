"""Networks for other runtimes: ONNX, checked against PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fluorosynth.errors import BadDataError, extra
from fluorosynth.io.atomic import replacing
from fluorosynth.io.place import local
from fluorosynth.learn.checkpoint import Model
from fluorosynth.learn.prediction.converted import require_onnx, write_onnx
from fluorosynth.learn.prediction.fold import fold
from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.prediction.torch_engine import Mode

TOLERANCE = 1e-3  # between maps: far below what moves a mask


class Exported(nn.Module):
    """Grey values in, catheter map out: normalisation, network and sigmoid in one.

    Parameters
    ----------
    model
        Model to put into one module.
    """

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.network, self.normalisation = fold(model.network).cpu(), model.normalisation

    def forward(self, images: Tensor) -> Tensor:
        """Return the catheter map, ``(N, H, W)`` float32 in [0, 1].

        Parameters
        ----------
        images
            Grey values, ``(N, K, H, W)`` uint8.
        """
        return torch.sigmoid(self.network(self.normalisation(images)))[:, 0]


def export_onnx(model: Model, out: str | Path, clips: Sequence[NDArray[np.uint8]]) -> float:
    """Write a network as ONNX and return how far its maps are from PyTorch's.

    The file takes ``images``, ``(N, K, H, W)`` uint8 of any N, H and W, the newest of K frames
    last, and gives ``catheter``, ``(N, H, W)`` float32 in [0, 1]. In its metadata are the
    kind of network, the threshold, the size (the longer side in pixels to resize frames to), and a
    digest of the file, by which ``stress`` tells a damaged one.

    Parameters
    ----------
    model
        Model to export.
    out
        File to write; it appears when written and checked.
    clips
        Clips to check with ONNX Runtime, ``(K, H, W)`` uint8 each.

    Returns
    -------
    float
        The largest difference of any pixel of any clip, to the network as trained, in float32.

    Raises
    ------
    MissingExtraError
        When ONNX or ONNX Runtime is not installed.
    BadDataError
        When a map differs by over 0.001, so that the file is no use; it is not written.
    """
    require_onnx()
    with extra("onnx", "the file is checked by ONNX Runtime"):
        import onnxruntime  # noqa: F401
    out = local(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(out) as part:
        example = torch.zeros((2, model.network.channels, 96, 80), dtype=torch.uint8)
        about = {
            "network": model.network.kind,
            "threshold": str(model.threshold),
            "size": str(model.size),
        }
        write_onnx(Exported(model), example, "images", "catheter", part, about)
        difference = _largest_difference(model, part, clips)
        if not difference <= TOLERANCE:
            raise BadDataError(
                f"{out} was not written: its maps differ from PyTorch's by {difference:.2g}"
            )
    return difference


def _largest_difference(model: Model, path: Path, clips: Sequence[NDArray[np.uint8]]) -> float:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    trained = Inference(model, "cpu", Mode(False, False))
    differences = [
        np.abs(session.run(None, {"images": clip[None]})[0] - trained.predict_maps(clip[None]))
        for clip in clips
    ]
    return max(float(difference.max()) for difference in differences)
