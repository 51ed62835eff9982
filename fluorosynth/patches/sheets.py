"""Patches as people look at them: stretched, and drawn where they were cut."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.io.contact_sheet import contact_sheet
from fluorosynth.patches.windows import Patch
from fluorosynth.sample import Image

SPAN = 24  # grey values that become black to white, at least: less would show noise alone
COLOUR = (255, 200, 0)


def patch_sheet(patches: Mapping[str, Patch]) -> NDArray[np.uint8]:
    """Return all patches on one sheet, each with its grey values stretched, so that all shows.

    Parameters
    ----------
    patches
        Patches by the names of their files.
    """
    tiles = [stretched(patch.image) for patch in patches.values()]
    return contact_sheet(tiles, labels=[Path(name).stem for name in patches])


def window_sheet(patches: Mapping[str, Patch]) -> NDArray[np.uint8]:
    """Return the frames that patches were cut from, with their windows and numbers drawn.

    Parameters
    ----------
    patches
        Patches by the names of their files, with their frames made small.
    """
    frames: dict[tuple[str, int], NDArray[np.uint8]] = {}
    inside: dict[tuple[str, int], list[tuple[str, Patch]]] = defaultdict(list)
    for name, patch in patches.items():
        key = patch.window.source, patch.window.frame
        if patch.view is not None:
            frames[key] = np.repeat(stretched(patch.view)[:, :, None], 3, 2)
            inside[key].append((Path(name).stem, patch))
    for key, picture in frames.items():
        for name, patch in inside[key]:
            _draw(picture, name, patch)
    titles = [f"{Path(source).name}#{frame}" for source, frame in frames]
    return contact_sheet(list(frames.values()), 4, titles)


def stretched(image: Image) -> Image:
    """Return a picture whose darkest and brightest hundredths are black and white.

    Parameters
    ----------
    image
        Picture, ``(H, W)`` uint8.

    Examples
    --------
    >>> faint = np.tile(np.linspace(20, 60, 100).astype(np.uint8), (100, 1))
    >>> int(np.ptp(stretched(faint)))
    255
    """
    low, high = np.percentile(image, (1, 99))
    middle, half = (low + high) / 2, max(high - low, SPAN) / 2
    grey = (image - (middle - half)) * (255 / (2 * half))
    return np.asarray(grey.clip(0, 255).astype(np.uint8))


def _draw(picture: NDArray[np.uint8], name: str, patch: Patch) -> None:
    """Draw a window; the frame's own size is known by the scale of its view."""
    assert patch.view is not None  # noqa: S101 - for the type checker
    window, scale = patch.window, patch.scale
    corners = np.array([window.x, window.y, window.x + window.width, window.y + window.height])
    left, top, right, bottom = (round(float(v)) for v in corners * scale)
    cv2.rectangle(picture, (left, top), (right - 1, bottom - 1), COLOUR, 1)
    cv2.putText(
        picture,
        name,
        (left + 2, bottom - 4),
        cv2.FONT_HERSHEY_SIMPLEX,
        0.35,
        COLOUR,
        1,
        cv2.LINE_AA,
    )
