"""What a tube and its surroundings look like: histograms, and the odds that follow from them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.track.band import Band, tube_filter

BINS = 20
LOW, HIGH = (-1.5, -2.0), (2.5, 3.0)  # of the two features, in depths of the tube
SURE = 4.0  # the largest log odds of a pixel


@dataclass(frozen=True, eq=False)
class Appearance:
    """The tube's depth, and histograms of two features inside and beside it.

    The features, in units of the depth, are the response of a filter of the tube's width and the
    darkness below the median of the cross-section. The odds that a pixel is tube are the ratio of
    the histograms (pixel-wise posteriors, Bibby and Reid, ECCV 2008).

    Parameters
    ----------
    width
        Full width of the tube, px.
    depth
        Median filter response of it, in the logarithm of the picture, > 0.
    tube
        Density of the features in the tube, ``(BINS, BINS)`` float32.
    beside
        Density of the features beside it, ``(BINS, BINS)`` float32.
    """

    width: float
    depth: float
    tube: NDArray[np.float32]
    beside: NDArray[np.float32]

    @classmethod
    def nothing(cls, width: float) -> Appearance:
        """Return that of a tube of which nothing has been seen.

        Parameters
        ----------
        width
            Full width of the tube, px.
        """
        blank = np.full((BINS, BINS), 1 / BINS**2, np.float32)
        return cls(width, 1.0, blank, blank)

    @classmethod
    def learn(cls, band: Band, offsets: NDArray[np.float64], width: float) -> Appearance:
        """Learn from a band whose middle is the tube.

        Parameters
        ----------
        band
            Cross-sections, ``(n, k)`` float32.
        offsets
            Places of the columns, ``(k,)``, px.
        width
            Full width of the tube, px.
        """
        step = float(offsets[1] - offsets[0])
        middle = tube_filter(band, width, step, 3.0)[:, len(offsets) // 2]
        depth = max(float(np.median(middle)), 0.004)
        fresh = replace(cls.nothing(width), depth=depth)
        return fresh.updated(band, offsets, np.ones(len(band)), 1.0)

    def features(self, band: Band, step: float, along: float) -> tuple[Band, Band]:
        """Return both features of a band, in bins (fractional).

        Parameters
        ----------
        band
            Cross-sections, ``(n, k)`` float32.
        step
            Distance of the columns, px.
        along
            Deviation of the Gaussian along, rows.
        """
        response = tube_filter(band, self.width, step, along) / self.depth
        smooth = cv2.GaussianBlur(band, (1, 0), 1e-3, sigmaY=along)
        dark = (np.median(smooth, axis=1, keepdims=True) - smooth) / self.depth
        found = []
        for values, low, high in zip((response, dark), LOW, HIGH, strict=True):
            found.append(np.clip((values - low) / (high - low) * BINS, 0, BINS - 1e-3))
        return found[0], found[1]

    def log_odds(self, band: Band, step: float, along: float) -> Band:
        """Return the log odds that each place of a band is on the tube's middle.

        Parameters
        ----------
        band
            Cross-sections, ``(n, k)`` float32.
        step
            Distance of the columns, px.
        along
            Deviation of the Gaussian along, rows.
        """
        first, second = self.features(band, step, along)
        table = np.log(self.tube + 1e-4) - np.log(self.beside + 1e-4)
        table = np.clip(table, -SURE, SURE).astype(np.float32)
        at = first - np.float32(0.5), second - np.float32(0.5)
        return np.asarray(cv2.remap(table, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))

    def updated(
        self, band: Band, offsets: NDArray[np.float64], weight: NDArray[np.float64], rate: float
    ) -> Appearance:
        """Return the appearance moved towards that of a band whose middle is the tube.

        Parameters
        ----------
        band
            Cross-sections, ``(n, k)`` float32.
        offsets
            Places of the columns, ``(k,)``, px.
        weight
            Weight of each row, ``(n,)``.
        rate
            Share of the new histograms, in [0, 1].
        """
        step = float(offsets[1] - offsets[0])
        first, second = self.features(band, step, 2.0)
        away = np.abs(offsets)
        on, off = away <= max(self.width / 6, step / 2), away >= self.width * 0.75
        tube = _histogram(first[:, on], second[:, on], weight)
        beside = _histogram(first[:, off], second[:, off], weight)
        return replace(
            self,
            tube=(1 - rate) * self.tube + rate * tube,
            beside=(1 - rate) * self.beside + rate * beside,
        )


def _histogram(first: Band, second: Band, weight: NDArray[np.float64]) -> NDArray[np.float32]:
    flat = second.astype(int) * BINS + first.astype(int)
    each = np.repeat(weight, first.shape[1])
    counts = np.bincount(flat.ravel(), each, BINS**2).reshape(BINS, BINS)
    smooth = cv2.GaussianBlur(counts, (0, 0), 1.0, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(smooth / max(smooth.sum(), 1e-9), np.float32)
