"""Normalisation of grey values (eq. 4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from fluorosynth.errors import BadDataError
from fluorosynth.sample import Image, Mask


@dataclass(frozen=True)
class Normalisation:
    """Grey value g becomes (g - mean) / deviation (eq. 4).

    Parameters
    ----------
    mean
        Mean of the training set, grey levels of 0 to 255.
    deviation
        Standard deviation of the training set, grey levels.
    per_image
        Whether each image's own are used instead: indifferent to a system's brightness and
        contrast.

    Examples
    --------
    >>> import torch
    >>> Normalisation(100.0, 50.0)(torch.tensor([[[[0, 100, 200]]]], dtype=torch.uint8))
    tensor([[[[-2.,  0.,  2.]]]])
    """

    mean: float
    deviation: float
    per_image: bool = False

    def __call__(self, images: Tensor) -> Tensor:
        """Return ``(N, K, H, W)`` float32 for uint8, on the same device."""
        values = images.float()
        if not self.per_image:
            return (values - self.mean) / self.deviation
        mean, deviation = _moments(images)
        return (values - mean) / deviation.clamp(min=1.0)

    def to_plain(self) -> dict[str, Any]:
        """Return the fields, JSON-compatible."""
        return asdict(self)


def measure_normalisation(
    pairs: Iterable[tuple[Image, Mask]], per_image: bool = False
) -> Normalisation:
    """Return the mean and standard deviation of all grey values, in one pass.

    They come from one histogram of whole numbers, so they are exact and do not depend on the order.
    A deviation under one grey value counts as one.

    Parameters
    ----------
    pairs
        Images with their masks.
    per_image
        Whether each image's own are to be used when the result is.

    Raises
    ------
    BadDataError
        When there is no image.
    """
    histogram = np.zeros(256)
    for image, _ in pairs:
        counts = cv2.calcHist([image.reshape(1, -1)], [0], None, [256], [0, 256])
        histogram += np.ravel(counts)
    if not histogram.sum():
        raise BadDataError("there is no labelled image to train on")
    grey = np.arange(256)
    mean = float(histogram @ grey / histogram.sum())
    variance = float(histogram @ (grey - mean) ** 2 / histogram.sum())
    return Normalisation(mean, max(variance**0.5, 1.0), per_image)


def _moments(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and deviation of each image, ``(N, 1, 1, 1)`` float32.

    Sums of whole numbers are exact: the same for any number of threads.
    """
    dims, pixels = (1, 2, 3), images[0].numel()
    total = images.sum(dims, keepdim=True, dtype=torch.int64)
    centre = (total + pixels // 2) // pixels
    squares = (images - centre).square().sum(dims, keepdim=True)
    off = (total - centre * pixels) / pixels
    return centre + off, (squares / pixels - off.square()).sqrt()
