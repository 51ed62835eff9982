"""Which instrument each labelled pixel is of, and where the tips are."""

from __future__ import annotations

import cv2
import numpy as np

from fluorosynth.geometry.raster import cover
from fluorosynth.sample import INSTRUMENT, Device, Mask, Sample

MOST = 254  # instruments that an 8-bit map can number


def instrument_ids(sample: Sample) -> Mask:
    """Return ``(H, W)`` uint8: 0 none, k where instrument ``sample.devices[k - 1]`` is.

    All pixels that the mask labels (1) carry a number, and no others. Where instruments cross, the
    later one counts; what is labelled wider than they are (``render.blur``) is of the nearest.

    Parameters
    ----------
    sample
        Sample with its mask.

    Raises
    ------
    ValueError
        For a sample that is not rendered or has more than 254 instruments.

    Examples
    --------
    >>> from fluorosynth import Recipe
    >>> sample = Recipe.preset("physics").sample(seed=0, index=2)
    >>> ids = instrument_ids(sample)
    >>> bool(((ids > 0) == (sample.mask == 1)).all()), int(ids.max()) <= len(sample.devices)
    (True, True)
    """
    if sample.mask is None:
        raise ValueError("only a rendered sample has labels")
    if len(sample.devices) > MOST:
        raise ValueError(f"{len(sample.devices)} instruments; at most {MOST} can be numbered")
    ids = np.zeros(sample.mask.shape, np.uint8)
    for number, device in enumerate(sample.devices, 1):
        cover(ids, device.centreline, device.width, number)
    labelled = sample.mask == INSTRUMENT
    if ids.any() and (ids[labelled] == 0).any():
        ids = _spread(ids)
    ids[~labelled] = 0
    return ids


def _spread(ids: Mask) -> Mask:
    """Give every pixel the number of the nearest numbered one."""
    _, nearest = cv2.distanceTransformWithLabels(
        (ids == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    numbers = np.zeros(int(nearest.max()) + 1, np.uint8)
    numbers[nearest[ids > 0]] = ids[ids > 0]
    return np.asarray(numbers[nearest])


def tip(device: Device, mask: Mask) -> tuple[float, float] | None:
    """Return the tip ``(x, y)`` in px; None outside the picture or where the mask has no truth.

    Parameters
    ----------
    device
        Instrument in pixels of the mask.
    mask
        Mask of the picture, ``(H, W)`` uint8 {0, 1, 255}.

    Examples
    --------
    >>> wire = Device(np.float32([[4, -1], [4, 6]]), np.float32([2, 2]))
    >>> tip(wire, np.ones((9, 9), np.uint8)), tip(wire, np.ones((5, 9), np.uint8))
    ((4.0, 6.0), None)
    """
    x, y = device.centreline[-1].tolist()
    column, row = round(x), round(y)
    inside = 0 <= row < mask.shape[0] and 0 <= column < mask.shape[1]
    near = mask[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
    return (x, y) if inside and (near == INSTRUMENT).any() else None
