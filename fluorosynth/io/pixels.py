"""The way to 8-bit grey."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def to_grey(image: NDArray[Any]) -> NDArray[Any]:
    """Return a picture in grey, ``(H, W)``.

    Colour becomes luma with the weights of ITU-R BT.601 (.299, .587, .114); alpha is dropped. Grey
    stored as RGB keeps its exact values and dtype.

    Parameters
    ----------
    image
        Picture, ``(H, W)`` or ``(H, W, C)``: C = 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
    """
    if image.ndim == 2:
        return image
    if image.shape[2] < 3:
        return image[..., 0]
    luma: NDArray[Any] = image[..., :3] @ np.array([0.299, 0.587, 0.114])
    return np.rint(luma).astype(image.dtype) if image.dtype.kind in "ui" else luma


def to_uint8(image: NDArray[Any], window: tuple[float, float] | None = None) -> NDArray[np.uint8]:
    """Map grey values to 8 bits, linearly.

    uint8 passes unchanged unless a window is given, bool becomes 0 and 255. Everything else
    (16-bit, float, ...) is stretched so that ``window`` covers [0, 255], rounded and clipped.
    Without a window, that is the 0.1 to 99.9 percentile of this very frame, since 16-bit files
    rarely use their full range and seldom say what they use. A flat frame becomes 0.

    Parameters
    ----------
    image
        Picture, ``(H, W)`` bool, integer or finite float.
    window
        Values that become 0 and 255.

    Returns
    -------
    NDArray[np.uint8]
        ``(H, W)``.

    Examples
    --------
    >>> to_uint8(np.array([[0, 100, 200, 900]], np.uint16), window=(0, 400)).tolist()
    [[0, 64, 128, 255]]
    """
    if image.dtype == bool:
        return np.where(image, np.uint8(255), np.uint8(0))
    if window is None:
        if image.dtype == np.uint8:
            return image
        low, high = np.percentile(image, (0.1, 99.9))
    else:
        low, high = window
    if not high > low:
        return np.zeros(image.shape, np.uint8)
    scaled = (image.astype(np.float64) - low) / (high - low) * 255
    mapped: NDArray[np.uint8] = np.rint(scaled.clip(0, 255)).astype(np.uint8)
    return mapped
