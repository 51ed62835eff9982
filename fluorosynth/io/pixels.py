"""What every reader shares: the limits on untrusted sizes and the way to 8-bit grey."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError

MAX_PIXELS = 2**26  # per frame; a 16-bit 8192 x 8192 detector still fits
MAX_FRAMES = 2**16  # per file; an hour at 15 frames/s is 54,000
MIN_SIDE = 16  # below this there is nothing to see


def shown(path: Path | str) -> str:
    """Return ``path`` quoted on one line, whatever characters it holds."""
    return repr(str(path))


def check_shape(path: Path, height: int, width: int) -> None:
    """Refuse a frame of impossible size; called with header values, before decoding.

    Raises
    ------
    BadDataError
        When a side is below ``MIN_SIDE`` or the frame has over ``MAX_PIXELS`` pixels.
    """
    if min(height, width) < MIN_SIDE:
        raise BadDataError(
            f"{shown(path)} is {width} x {height} pixels; the least is {MIN_SIDE} x {MIN_SIDE}"
        )
    if height * width > MAX_PIXELS:
        raise BadDataError(
            f"{shown(path)} claims {width} x {height} pixels per frame; "
            f"at most {MAX_PIXELS} pixels are read"
        )


def check_count(path: Path, frames: int) -> None:
    """Refuse a file that claims no frames or more than ``MAX_FRAMES`` (BadDataError)."""
    if not 1 <= frames <= MAX_FRAMES:
        raise BadDataError(f"{shown(path)} claims {frames} frames; 1 to {MAX_FRAMES} can be read")


def to_grey(image: NDArray[Any]) -> NDArray[Any]:
    """Return ``(H, W)`` from ``(H, W)`` or ``(H, W, C)``; C = 1 grey, 2 grey+alpha, 3 RGB, 4 RGBA.

    Colour becomes luma with the weights of ITU-R BT.601 (.299, .587, .114); alpha is dropped.
    Grey stored as RGB keeps its exact values and dtype.
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
        ``(H, W)`` bool, integer or finite float.
    window
        The values that become 0 and 255.

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
    scaled = (image.astype(np.float64) - low) * (255.0 / (high - low))
    mapped: NDArray[np.uint8] = np.rint(scaled.clip(0, 255)).astype(np.uint8)
    return mapped


def finite(path: Path, values: NDArray[Any]) -> NDArray[Any]:
    """Return ``values``, or raise BadDataError with the number of NaN and infinite ones."""
    bad = 0 if values.dtype.kind != "f" else int(values.size - np.isfinite(values).sum())
    if bad:
        raise BadDataError(f"{shown(path)} holds {bad} NaN or infinite values")
    return values
