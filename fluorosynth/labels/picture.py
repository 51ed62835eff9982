"""Labels as people look at them: curves on frames."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.io.contact_sheet import contact_sheet
from fluorosynth.labels.model import FrameLabels, Instrument, Labels
from fluorosynth.sample import Image

SURE, UNSURE = (90, 230, 90), (255, 120, 0)  # RGB, mixed by confidence
DRAWN = (255, 230, 0)
OTHER = (255, 70, 200)
LOST = (255, 60, 60)
LEGEND = {"drawn": DRAWN, "found, sure": SURE, "found, unsure": UNSURE}
SHIFT = 4  # bits below a pixel


def picture(image: Image, frame: FrameLabels | None, size: int = 384) -> NDArray[np.uint8]:
    """Return a frame with its curves: drawn yellow, others from orange to green by confidence.

    A frame in which an instrument is lost has a red border.

    Parameters
    ----------
    image
        Frame, ``(H, W)`` uint8.
    frame
        Labels of it, or None.
    size
        Longer side of the picture, px.
    """
    shown, scale = _enlarged(image, size)
    for instrument in () if frame is None else frame.instruments:
        share = instrument.score
        mixed = tuple(round(share * a + (1 - share) * b) for a, b in zip(SURE, UNSURE, strict=True))
        _draw(shown, instrument, DRAWN if instrument.origin == "drawn" else mixed, scale)
    if frame is not None and frame.lost:
        height, width = shown.shape[:2]
        cv2.rectangle(shown, (1, 1), (width - 2, height - 2), LOST, 3)
    return shown


def both(
    image: Image, one: FrameLabels | None, two: FrameLabels | None, size: int = 384
) -> NDArray[np.uint8]:
    """Return a frame with the curves of two people: the one's yellow, the other's pink.

    Parameters
    ----------
    image
        Frame, ``(H, W)`` uint8.
    one
        Labels of it by one person, or None.
    two
        Labels of it by the other, or None.
    size
        Longer side of the picture, px.
    """
    shown, scale = _enlarged(image, size)
    for frame, colour in ((one, DRAWN), (two, OTHER)):
        for instrument in () if frame is None else frame.instruments:
            _draw(shown, instrument, colour, scale)
    return shown


def sheet(
    frames: Sequence[Image], labels: Labels, count: int = 24, size: int = 384
) -> NDArray[np.uint8]:
    """Return a contact sheet of evenly spaced labelled frames.

    Parameters
    ----------
    frames
        Frames, ``(H, W)`` uint8 each.
    labels
        Labels of them.
    count
        Number of frames shown, at most.
    size
        Longer side of each picture, px.
    """
    known = labels.frames
    picks = np.unique(np.linspace(0, len(known) - 1, min(count, len(known))).astype(int))
    tiles = [picture(frames[known[k].index], known[k], size) for k in picks]
    captions = []
    for k in picks:
        scores = " ".join(f"{i.score:.2f}" for i in known[k].instruments)
        captions.append(f"{known[k].index} {scores}" + (" lost" if known[k].lost else ""))
    return contact_sheet(tiles, 6, captions, LEGEND)


def _enlarged(image: Image, size: int) -> tuple[NDArray[np.uint8], float]:
    scale = size / max(image.shape)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    resized = cv2.resize(image, None, fx=scale, fy=scale, interpolation=how)
    return np.asarray(cv2.cvtColor(resized, cv2.COLOR_GRAY2RGB), np.uint8), scale


def _draw(
    shown: NDArray[np.uint8], instrument: Instrument, colour: tuple[int, ...], scale: float
) -> None:
    at = np.rint(((instrument.points + 0.5) * scale - 0.5) * 2**SHIFT).astype(int)
    cv2.polylines(shown, [at], False, colour, 1, cv2.LINE_AA, SHIFT)
    if instrument.tip_in_view:
        cv2.circle(shown, at[-1], 4 * 2**SHIFT, colour, 1, cv2.LINE_AA, SHIFT)
