"""Instrument masks that belong to frames by name."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.io.frames import Frame
from fluorosynth.io.guard import quoted
from fluorosynth.io.labels import read_labels

MARGIN = 0.01  # of the shorter side: how far windows keep from a mask


def mask_path(folder: Path, name: str, frame: int) -> Path | None:
    """Return the mask in ``folder`` of a frame of the file ``name``, None when there is none.

    For frame 7 of ``run/a.dcm`` that is ``run/a#7.png``, else ``run/a_mask.png`` or
    ``run/a.png``, which hold for all frames of the file.
    """
    place = folder / name
    endings = (f"#{frame}.png", "_mask.png", ".png")
    paths = (place.with_name(place.stem + ending) for ending in endings)
    return next((path for path in paths if path.is_file()), None)


def is_mask(path: Path, folder: Path, root: Path) -> bool:
    """Tell whether a file found below ``root`` is a mask rather than a frame."""
    inside = folder in path.parents
    return inside and (folder != root or path.stem.endswith("_mask") or "#" in path.stem)


def keep_off(path: Path, frame: Frame) -> NDArray[np.float32]:
    """Return 1 on the mask and within 1 % of the frame's shorter side, else 0, ``(H, W)``.

    Any label counts. Raises BadDataError naming both files when the sizes differ.
    """
    mask = read_labels(path) > 0
    if mask.shape != frame.image.shape:
        (height, width), (rows, columns) = frame.image.shape, mask.shape
        raise BadDataError(
            f"{quoted(path)} is {columns} x {rows} pixels but {quoted(frame.source)} is "
            f"{width} x {height}"
        )
    reach = max(3, round(MARGIN * min(mask.shape)))
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(cv2.dilate(mask.astype(np.float32), disk))
