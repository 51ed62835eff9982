"""What a segmenter found in one pair of pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fluorosynth.metrics import CentrelinePair, count
from fluorosynth.sample import Mask

TOLERANCE = 2.0  # px of a 256 px picture: how near a centreline counts as found


@dataclass(frozen=True)
class Scores:
    """The measures of one pair; lengths in px before ``scale``.

    Parameters
    ----------
    dice
        Overlap in [0, 1].
    recall
        Share of the true centreline that is found within 2 px (of a 256 px picture) because the
        instrument is there: what is found there without it, too, does not count. NaN where no
        instrument is in view.
    tip_error
        Distance of the tips, px; see ``CentrelinePair.tip_error``.
    false_positives
        False pixels in the picture with instruments, % of its pixels.
    false_positives_bare
        False pixels in the picture without, % of its pixels.
    """

    dice: float
    recall: float
    tip_error: float
    false_positives: float
    false_positives_bare: float


MEASURES = {
    "dice": "Dice",
    "recall": "centreline recall",
    "tip_error": "tip error, px",
    "false_positives": "FP, % of the picture",
    "false_positives_bare": "FP without instrument, %",
}


def score(found: Mask, found_bare: Mask, truth: Mask, scale: float, size: int) -> Scores:
    """Compare what was found with the truth.

    Parameters
    ----------
    found
        Mask found in the picture with instruments, ``(H, W)`` uint8 {0, 1}.
    found_bare
        Mask found in the one without, ``(H, W)`` uint8 {0, 1}.
    truth
        Labels, ``(H, W)`` uint8 {0, 1}.
    scale
        Factor by which the pictures were resized.
    size
        Side in pixels before that.

    Examples
    --------
    >>> truth = np.zeros((64, 64), np.uint8)
    >>> truth[20:24, :40] = 1
    >>> score(truth, truth * 0, truth, 1.0, 64)
    Scores(dice=1.0, recall=1.0, tip_error=0.0, false_positives=0.0, false_positives_bare=0.0)
    """
    counts, lines = count(found, truth), CentrelinePair(found, truth)
    near = TOLERANCE * scale * size / 256
    hits = lines.hits(near) & ~CentrelinePair(found_bare, truth).hits(near)
    return Scores(
        counts.dice,
        float(hits.mean()) if hits.size else np.nan,
        lines.tip_error / scale,
        counts.fp_percent_of_image,
        100 * float(np.count_nonzero(found_bare)) / found_bare.size,
    )
