"""The measures of images, and what they say about sequences and overall."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from fluorosynth.metrics import Interval, bootstrap_interval

OWN = "best of validation"  # what the model's threshold is called


@dataclass(frozen=True)
class Row:
    """The measures of one image at one threshold.

    Parameters
    ----------
    index
        Number of the image.
    sequence
        Name of its sequence.
    name
        Name of the image in it.
    threshold
        Threshold on the map.
    values
        Measures by name.
    """

    index: int
    sequence: str
    name: str
    threshold: float
    values: Mapping[str, float]


@dataclass(frozen=True)
class Evaluation:
    """The measures of all images.

    Parameters
    ----------
    rows
        Measures of every image and threshold.
    thresholds
        Thresholds, ascending, with what they are: ``{0.01: "paper"}``.
    seed
        Seed of the bootstrap.
    """

    rows: list[Row]
    thresholds: Mapping[float, str]
    seed: int = 0
    _intervals: dict[tuple[float, str], Interval] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def own(self) -> float:
        """The model's own threshold; the highest where none is."""
        return next((t for t, what in self.thresholds.items() if what == OWN), max(self.thresholds))

    @property
    def measures(self) -> list[str]:
        """The names of the measures."""
        return list(self.rows[0].values)

    def at(self, threshold: float) -> list[Row]:
        """Return the rows of one threshold.

        Parameters
        ----------
        threshold
            Threshold on the map.
        """
        return [row for row in self.rows if row.threshold == threshold]

    def by_sequence(self, threshold: float, name: str) -> dict[str, list[float]]:
        """Return a measure's value for each image of each sequence.

        Parameters
        ----------
        threshold
            Threshold on the map.
        name
            Name of the measure.
        """
        found: dict[str, list[float]] = {}
        for row in self.at(threshold):
            found.setdefault(row.sequence, []).append(row.values[name])
        return found

    @property
    def sequences(self) -> dict[str, int]:
        """The number of images of each sequence."""
        return dict(Counter(row.sequence for row in self.at(self.own)))

    @property
    def grouped(self) -> bool:
        """Whether a sequence has more than one image: means over images and sequences differ."""
        return max(self.sequences.values()) > 1

    def overall(self, threshold: float) -> dict[str, Interval]:
        """Return each measure's mean over the sequences' means, with its 95 % interval.

        Parameters
        ----------
        threshold
            Threshold on the map.
        """
        return {name: self.interval(threshold, name) for name in self.measures}

    def interval(self, threshold: float, name: str) -> Interval:
        """Return a measure's mean over the sequences' means, with its 95 % interval.

        Parameters
        ----------
        threshold
            Threshold on the map.
        name
            Name of the measure.
        """
        key = threshold, name
        if key not in self._intervals:  # kept: a resampling takes a moment
            values, rng = self.by_sequence(threshold, name), np.random.default_rng(self.seed)
            self._intervals[key] = bootstrap_interval(values, rng)
        return self._intervals[key]

    def over_images(self, threshold: float) -> dict[str, float]:
        """Return each measure's mean over all images; NaN where it applies to none.

        Parameters
        ----------
        threshold
            Threshold on the map.
        """
        rows = self.at(threshold)
        return {name: mean([row.values[name] for row in rows]) for name in self.measures}

    def ranked(self, threshold: float) -> list[Row]:
        """Return one threshold's rows from the best to the worst Dice.

        Parameters
        ----------
        threshold
            Threshold on the map.
        """
        return sorted(self.at(threshold), key=lambda row: -row.values["dice"])


def mean(values: list[float]) -> float:
    """Return the mean of the values that are numbers; NaN where none is.

    Parameters
    ----------
    values
        Numbers, some of them NaN.
    """
    kept = [value for value in values if not np.isnan(value)]
    return float(np.mean(kept)) if kept else float("nan")
