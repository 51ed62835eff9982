"""A trained network as a segmenter of single frames, for what tests any segmenter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import numpy as np

from fluorosynth.learn.checkpoint import weights_hash
from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.prediction.segment import SegmentConfig, segment
from fluorosynth.learn.prediction.torch_engine import Mode
from fluorosynth.sample import Image, Mask


class ModelSegmenter:
    """A network as ``predict`` runs it: at the size it was trained at, by its own threshold.

    It computes in float32, so that figures do not depend on whether a processor has bfloat16.

    Parameters
    ----------
    source
        Checkpoint, run folder or ``"default"``.
    device
        Name of a PyTorch device, or ``"auto"``.
    threshold
        Threshold on the maps; None: the model's own.

    Examples
    --------
    >>> (mask,) = ModelSegmenter("default", "cpu").masks([np.full((64, 64), 128, np.uint8)])
    >>> mask.shape, int(mask.max())
    ((64, 64), 0)
    """

    def __init__(
        self, source: str | Path, device: str = "auto", threshold: float | None = None
    ) -> None:
        from fluorosynth.learn.checkpoint import load_model

        self.source = source
        self._inference = Inference(load_model(source), device, Mode(bf16=False))
        self._config = SegmentConfig.of(self._inference.model, threshold)

    @property
    def channels(self) -> int:
        """How many consecutive frames the network takes."""
        return self._inference.channels

    @property
    def about(self) -> dict[str, Any]:
        """What it is."""
        network = self._inference.model.network
        return {
            "kind": network.kind,
            "model": str(self.source),
            "hash": weights_hash(network),
            "threshold": self._config.threshold,
            "longer_side_px": self._config.size or "as they are",
        }

    def masks(self, pictures: Iterable[Image]) -> Iterator[Mask]:
        """Yield the mask of each picture.

        Parameters
        ----------
        pictures
            Pictures, ``(H, W)`` uint8, which a network of K frames sees K times, or ``(K, H, W)``,
            the newest last.
        """
        channels, batch = self._inference.channels, self._inference.batch
        for _, group in groupby(pictures, key=lambda picture: picture.shape):
            for frames in _batched(group, batch):
                stack = np.stack([f if f.ndim == 3 else np.stack([f] * channels) for f in frames])
                for found in segment(stack, self._inference, self._config):
                    yield found.mask


def _batched(pictures: Iterable[Image], size: int) -> Iterator[list[Image]]:
    pictures = iter(pictures)
    while batch := list(islice(pictures, size)):
        yield batch
