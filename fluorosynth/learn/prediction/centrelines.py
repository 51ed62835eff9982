"""Predicted masks as curves, in the form that ``devices.polylines`` reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fluorosynth.devices.trace import trace
from fluorosynth.errors import BadDataError
from fluorosynth.io.frames import Frame
from fluorosynth.patches.edge import FieldEdge
from fluorosynth.sample import Device, Mask
from fluorosynth.track.identity import Known, Seen, identified


@dataclass(frozen=True, eq=False)
class Traced:
    """The instruments of one frame, before those of the others are known.

    Parameters
    ----------
    frame
        Number of the frame.
    size
        Height and width of the frame, px.
    seen
        Curves found.
    confidence
        Mean of the map along each.
    """

    frame: int
    size: tuple[int, int]
    seen: tuple[Seen, ...]
    confidence: tuple[float, ...]


def traced(frame: Frame, mask: Mask, found: NDArray[np.float32]) -> Traced:
    """Trace the instruments of a mask; none where it is too ragged to be one.

    Parameters
    ----------
    frame
        Frame, whose field's edge is an edge.
    mask
        Mask, ``(H, W)`` uint8 {0, 1}.
    found
        Map, ``(H, W)`` float32 in [0, 1].
    """
    devices: tuple[Device, ...] = ()
    if mask.any():
        try:
            devices = trace(mask)
        except BadDataError:  # speckle
            devices = ()
    size = mask.shape[0], mask.shape[1]
    if not devices:
        return Traced(frame.index, size, (), ())
    edge = FieldEdge(frame.image, frame.field)
    seen = tuple(Seen(device, edge.at_ends(device)) for device in devices)
    return Traced(frame.index, size, seen, tuple(_along(device, found) for device in devices))


def centrelines(frames: Sequence[Traced]) -> list[dict[str, Any]]:
    """Return the curves of a sequence, or of one picture.

    Parameters
    ----------
    frames
        Frames in order; those of another size than the one before begin anew.

    Returns
    -------
    list of dict
        Each JSON-compatible: ``points`` ``[[x, y], ...]`` from entry to tip, ``width`` at each
        of them, ``label``, ``frame``, ``frame_size`` ``[H, W]``, ``instrument``, the number that it
        has in all frames, ``confidence``, and ``tip`` ``[x, y]``, or None where the instrument
        leaves the field or is lost on its way out. Pixels, (0, 0) at the centre of the first.
    """
    side = max((max(frame.size) for frame in frames), default=0)
    sequence = identified([frame.seen for frame in frames], side)
    curves = []
    for frame, known in zip(frames, sequence, strict=True):
        by_curve = dict(zip(map(_key, frame.seen), frame.confidence, strict=True))
        curves += [_plain(one, frame, by_curve[_key(one)]) for one in known]
    return curves


def _key(one: Seen | Known) -> tuple[float, ...]:
    """Return what a curve is known by in either direction."""
    return tuple(sorted(one.device.centreline[[0, -1]].ravel().tolist()))


def _along(device: Device, found: NDArray[np.float32]) -> float:
    far = np.array(found.shape[::-1]) - 1
    x, y = np.rint(np.clip(device.centreline, 0, far)).astype(int).T
    return float(found[y, x].mean())


def _plain(one: Known, frame: Traced, confidence: float) -> dict[str, Any]:
    device = one.device
    points = [[round(x, 2), round(y, 2)] for x, y in device.centreline.tolist()]
    return {
        "frame": frame.frame,
        "frame_size": list(frame.size),
        "instrument": one.number,
        "label": device.label,
        "confidence": round(confidence, 4),
        "tip": points[-1] if one.tip else None,
        "points": points,
        "width": [round(width, 2) for width in device.width.tolist()],
    }
