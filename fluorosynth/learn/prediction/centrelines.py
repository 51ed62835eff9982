"""Predicted masks as curves, in the form that ``devices.polylines`` reads."""

from __future__ import annotations

from typing import Any

from fluorosynth.devices.trace import trace
from fluorosynth.errors import BadDataError
from fluorosynth.sample import Device, Mask


def centrelines(mask: Mask, frame: int) -> list[dict[str, Any]]:
    """Trace the instruments of a mask; none where it is too ragged to be one.

    Parameters
    ----------
    mask
        Mask, ``(H, W)`` uint8 {0, 1}.
    frame
        Number of the frame, kept with each curve.

    Returns
    -------
    list of dict
        Each JSON-compatible: ``points`` ``[[x, y], ...]`` from entry to tip, ``width`` at each
        of them, ``label``, ``frame``, ``frame_size`` ``[H, W]``, and ``tip`` ``[x, y]``, or None
        where the instrument leaves the picture. Pixels, (0, 0) at the centre of the first.

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.zeros((40, 40), np.uint8)
    >>> mask[0:30, 10:15] = 1
    >>> [round(value) for value in centrelines(mask, 7)[0]["tip"]]
    [12, 27]
    """
    try:
        devices = trace(mask)
    except BadDataError:  # speckle
        return []
    return [_plain(device, mask, frame) for device in devices]


def _plain(device: Device, mask: Mask, frame: int) -> dict[str, Any]:
    height, width = mask.shape
    points = [[round(float(v), 2) for v in point] for point in device.centreline]
    x, y = points[-1]
    return {
        "frame": frame,
        "frame_size": [height, width],
        "label": device.label,
        "tip": [x, y] if -0.5 <= x <= width - 0.5 and -0.5 <= y <= height - 0.5 else None,
        "points": points,
        "width": [round(float(v), 2) for v in device.width],
    }
