"""What can be seen, without the truth, of how well an instrument has been followed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fluorosynth.track.band import Band, tube_filter

TAIL = 20  # points at the tip
STRETCH = 40  # points of a curve that may have gone astray by themselves
HORIZON = 31  # frames of the sequences that the confidence was fitted on
LEAST = 1e-3  # depth, of a logarithm, below which there is nothing
ALWAYS = 0.05  # share of a distance that counts however well it looks


@dataclass(frozen=True)
class Signs:
    """Figures of one frame, and sums over all since a person showed the instrument.

    After ``HORIZON`` frames the sums fade, as slowly as that they stay of that many frames.
    Lengths are in points of the curve: pixels of a frame of 256 px.

    Parameters
    ----------
    age
        Number of frames since it was shown.
    looks
        Mean probability that a point is on the instrument, by its appearance where it was shown.
    tip_looks
        Mean of that over the points at the tip.
    unlike
        Loss, since it was shown, of the least mean probability of a stretch to be on it.
    tip_wider
        Logarithm of the tip's breadth by that where it was shown: a vessel is wider.
    unsure
        Mean share of the likely courses that pass elsewhere.
    growth
        Logarithm of the length by that where it was shown.
    strayed
        Sum over the frames of the distance between the last curve and the new one carried back
        to its frame by optical flow, each by how little the new one looks like the instrument.
    tip_returned
        Sum over the frames of that distance of the tip.
    unended
        Sum over the frames of the probability that the tip is elsewhere along the curve.
    """

    age: int = 0
    looks: float = 1.0
    tip_looks: float = 1.0
    unlike: float = 0.0
    tip_wider: float = 0.0
    unsure: float = 0.0
    growth: float = 0.0
    strayed: float = 0.0
    tip_returned: float = 0.0
    unended: float = 0.0

    def after(
        self, returned: float, tip_returned: float, ending: float, looks: float, **now: float
    ) -> Signs:
        """Return the signs of the next frame.

        Parameters
        ----------
        returned
            Distance between the last curve and the new one carried back.
        tip_returned
            Distance between their tips.
        ending
            Probability that the tip is where it was found.
        looks
            Mean probability that a point is on the instrument.
        **now
            Figures of the frame alone.
        """
        kept = 1.0 if self.age < HORIZON else 1 - 1 / HORIZON
        return replace(
            self,
            age=self.age + 1,
            looks=looks,
            strayed=kept * self.strayed + returned * (1 + ALWAYS - looks),
            tip_returned=kept * self.tip_returned + tip_returned,
            unended=kept * self.unended + 1 - ending,
            **now,
        )


def least(looks: NDArray[np.float64]) -> float:
    """Return the mean over the stretch of a curve that looks least like the instrument.

    Parameters
    ----------
    looks
        Probability that each point is on the instrument, ``(n,)``.
    """
    size = min(STRETCH, len(looks))
    return float(np.lib.stride_tricks.sliding_window_view(looks, size).mean(axis=1).min())


def breadth(band: Band, width: float, step: float) -> float:
    """Return how deep the tip is to a filter of twice the width, by that of the width.

    Parameters
    ----------
    band
        Cross-sections of the curve, ``(n, k)`` float32, the tip's last.
    width
        Full width of the tube, px.
    step
        Distance of the columns, px.
    """
    last = band[-TAIL:]
    narrow, wide = (
        max(float(np.median(tube_filter(last, w, step, 3.0)[:, last.shape[1] // 2])), LEAST)
        for w in (width, 2 * width)
    )
    return wide / narrow
