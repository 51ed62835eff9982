"""A trained network as a function from images to maps, in the best mode of the machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.learn.checkpoint import Model, load_model
from fluorosynth.learn.device import memory_errors
from fluorosynth.learn.prediction.engines import open_engine
from fluorosynth.learn.prediction.torch_engine import Mode

SCALES = (1 / 8, 8.0)  # that averaging takes: beyond, nothing is left to see or memory runs out
VIEWS = [(quarters, mirrored) for quarters in range(4) for mirrored in (False, True)]


class Inference:
    """A network ready to predict.

    Parameters
    ----------
    model
        Model to predict with; it is not changed.
    device
        Name of a PyTorch device; ``"auto"``: CUDA, else MPS, else CPU.
    mode
        Way in which PyTorch runs the network; None: the best one of the device: folded, channels
        last, and bfloat16 where the device has instructions for it.
    batch
        Number of images in a pass; 0: 16 on a GPU, where small passes leave it idle, else 1.
    engine
        Name of what computes: ``"torch"``, ``"onnx"`` (ONNX Runtime) or ``"openvino"``, the latter
        two on the processor.

    Examples
    --------
    >>> from fluorosynth.learn.data import Normalisation
    >>> from fluorosynth.learn.networks import build
    >>> inference = Inference(Model(build("light"), Normalisation(128.0, 50.0)), "cpu")
    >>> inference.predict_maps(np.zeros((2, 100, 75), np.uint8)).shape
    (2, 100, 75)
    """

    def __init__(
        self,
        model: Model,
        device: str = "auto",
        mode: Mode | None = None,
        batch: int = 0,
        engine: str = "torch",
    ) -> None:
        self.model = model
        self.engine = open_engine(engine, model.network, device, mode)
        self.device = self.engine.device
        self.batch = batch or (16 if self.device.type == "cuda" else 1)

    @classmethod
    def load(cls, source: str | Path, device: str = "auto", engine: str = "torch") -> Inference:
        """Read a model and make it ready.

        Parameters
        ----------
        source
            Checkpoint, run folder or ``"default"``.
        device
            Name of a PyTorch device, or ``"auto"``.
        engine
            Name of what computes.

        Raises
        ------
        BadDataError
            As ``load_model`` does.
        UsageError
            For an engine that is not known, or that has no such device.
        MissingExtraError
            When the engine's package is not installed.
        """
        return cls(load_model(source), device, engine=engine)

    @property
    def channels(self) -> int:
        """How many consecutive frames the network takes."""
        return self.model.network.channels

    def predict_maps(
        self,
        images: NDArray[np.uint8],
        tta: bool = False,
        scales: Sequence[float] = (1.0,),
        turned: bool = False,
    ) -> NDArray[np.float32]:
        """Return the catheter maps of images of any size.

        Parameters
        ----------
        images
            Images, ``(n, H, W)`` uint8, or ``(n, K, H, W)`` for a network of K channels, the newest
            last.
        tta
            Whether to average over the image and its mirror image, left for right.
        scales
            Factors of size to average over, each in 1/8 to 8.
        turned
            Whether to average over all eight flips and rotations by 90 degrees: for what has no up.

        Returns
        -------
        NDArray[np.float32]
            ``(n, H, W)`` in [0, 1].

        Raises
        ------
        BadDataError
            For images of another type or number of channels.
        UsageError
            For a scale that is out of range.
        OutOfMemoryError
            When the images do not fit into memory.
        """
        frames = self._checked(images, scales)
        views = VIEWS if turned else VIEWS[: 1 + tta]
        found = np.empty((len(frames), *frames.shape[2:]), np.float32)
        with torch.inference_mode(), memory_errors("use a smaller `size`, or `device` cpu"):
            for first in range(0, len(frames), self.batch):
                part = torch.from_numpy(frames[first : first + self.batch]).to(self.device)
                maps = self._averaged(self.model.normalisation(part), views, scales)
                found[first : first + self.batch] = maps.cpu().numpy()
        return found

    def _averaged(
        self, frames: Tensor, views: Sequence[tuple[int, bool]], scales: Sequence[float]
    ) -> Tensor:
        size = frames.shape[-2:]
        total = torch.zeros((len(frames), *size), device=frames.device)
        for scale in scales:
            scaled = _resized(frames, [max(round(scale * side), 1) for side in size])
            for quarters, mirrored in views:
                seen = torch.rot90(scaled.flip(3) if mirrored else scaled, quarters, (2, 3))
                maps = torch.rot90(self.engine.maps(seen), -quarters, (2, 3))
                total += _resized(maps.flip(3) if mirrored else maps, list(size))[:, 0]
        return total / (len(scales) * len(views))

    def _checked(self, images: NDArray[np.uint8], scales: Sequence[float]) -> NDArray[np.uint8]:
        frames = images[:, None] if images.ndim == 3 else images
        if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[1] != self.channels:
            raise BadDataError(
                f"images are {images.dtype} of shape {images.shape}; this network takes uint8 of "
                f"(n, {self.channels}, height, width)"
            )
        check_scales(scales)
        return np.require(frames, requirements=["C", "W"])  # PyTorch warns of others


def check_scales(scales: Sequence[float]) -> None:
    """Refuse scales to average over that are out of range.

    Parameters
    ----------
    scales
        Factors of size.

    Raises
    ------
    UsageError
        When there is none, or one is out of range.
    """
    if not scales or not all(SCALES[0] <= scale <= SCALES[1] for scale in scales):
        raise UsageError(f"`scales` must be numbers from 1/8 to 8, not {list(scales)}")


def _resized(values: Tensor, size: list[int]) -> Tensor:
    if list(values.shape[-2:]) == size:
        return values
    return functional.interpolate(values, size, mode="bilinear", antialias=True)
