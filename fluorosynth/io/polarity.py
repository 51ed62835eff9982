"""Whether dense material is dark in frames, as it should be, or bright: an estimate."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from fluorosynth.sample import Image

SIDE = 256  # px, longer side at which frames are looked at
BLACK, WHITE = 12, 243
BORDER = 3  # px
FRAMED = 0.25  # of the border: a collimator's shadow covers more
FINE = 1.2  # px, sigma of the lines that are counted
# Log odds, fitted on frames of fluoroscopy and of angiography, and on the same inverted; see
# docs/data.md for how often they are right.
SHADOW, LINES = 1.9, 1.25
SAID = 0.75  # confidence from which it is worth saying


@dataclass(frozen=True)
class Polarity:
    """An estimate of which way round frames are.

    Parameters
    ----------
    inverted
        Whether dense material seems to be bright.
    confidence
        Probability that this is right, in [0.5, 1].
    """

    inverted: bool
    confidence: float

    @property
    def suspicious(self) -> bool:
        """Whether dense material seems to be bright, with a confidence that is worth saying."""
        return self.inverted and self.confidence >= SAID


def guess_polarity(frames: Iterable[Image]) -> Polarity:
    """Guess whether dense material is bright in frames.

    Two things speak: a collimator's shadow is black where dense material is dark, and fine lines
    (wires, catheters, contrast, edges of bones) are mostly darker than what is around them.

    Parameters
    ----------
    frames
        Frames of one source, ``(H, W)`` uint8; a few will do.

    Examples
    --------
    >>> frame = np.full((128, 128), 130, np.uint8)
    >>> _ = cv2.line(frame, (20, 0), (70, 127), 90, 3)
    >>> frame[:, :9] = frame[:, -9:] = 0
    >>> guess_polarity([frame]).inverted, guess_polarity([255 - frame]).inverted
    (False, True)
    """
    odds = [_log_odds(frame) for frame in frames]
    mean = sum(odds) / len(odds) if odds else 0.0
    return Polarity(mean < 0, 1 / (1 + math.exp(-abs(mean))))


def _log_odds(image: Image) -> float:
    """Return the logarithm of the odds that dense material is dark."""
    scale = SIDE / max(image.shape)
    size = max(round(image.shape[1] * scale), 8), max(round(image.shape[0] * scale), 8)
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return SHADOW * _shadow(small) + LINES * _lines(small)


def _shadow(image: Image) -> int:
    """Return 1 where much of the border is black, -1 where it is white, else 0."""
    inner = image[BORDER:-BORDER, BORDER:-BORDER]
    around = np.ones(image.shape, bool)
    around[BORDER:-BORDER, BORDER:-BORDER] = False
    border = image[around]
    black, white = float((border < BLACK).mean()), float((border > WHITE).mean())
    if abs(black - white) < FRAMED or inner.size == 0:
        return 0
    return 1 if black > white else -1


def _lines(image: Image) -> float:
    """Return how much stronger dark lines are than bright ones, in [-1, 1]."""
    inside = (image >= BLACK) & (image <= WHITE)
    kernel = np.ones((9, 9), np.uint8)
    inside = cv2.erode(inside.astype(np.uint8), kernel, borderValue=0) > 0
    if not inside.any():
        return 0.0
    smooth = cv2.GaussianBlur(image.astype(np.float32), (0, 0), FINE)
    xx, yy, xy = (
        cv2.Sobel(smooth, cv2.CV_32F, *order, ksize=3) / 4 for order in ((2, 0), (0, 2), (1, 1))
    )
    mean, spread = (xx + yy) / 2, np.sqrt(((xx - yy) / 2) ** 2 + xy**2)
    dark, bright = (
        float(np.mean(np.maximum(ridge[inside] * FINE**2, 0) ** 4))
        for ridge in (mean + spread, spread - mean)
    )
    return float(np.clip(math.log((dark + 1e-3) / (bright + 1e-3)), -1, 1))
