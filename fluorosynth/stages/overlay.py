"""Text and marks that a workstation burns into its pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from fluorosynth.ranges import Chance
from fluorosynth.sample import Sample
from fluorosynth.stages.base import Intensity, with_picture
from fluorosynth.stages.order import GREY

LETTERS = "ABCDEFGHIKLMNOPRSTUVX0123456789:/.-+ "


@dataclass(frozen=True)
class Overlay(Intensity):
    """Write one to four short lines of random text at the border, white or black.

    What they cover of an instrument keeps its label.

    Parameters
    ----------
    chance
        Probability that there is text.
    """

    takes = GREY

    chance: Chance = 0.08

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with text on it."""
        if rng.random() >= self.chance:
            return sample
        image: Any = sample.image.copy()
        height, width = image.shape
        grey = 255 if rng.random() < 0.7 else 0
        size = (0.25 + 0.2 * rng.random()) * max(image.shape) / 256
        lines = 1 + int(4 * rng.random())
        left, top = rng.random() < 0.6, rng.random() < 0.5
        for i in range(lines):
            draws = rng.random(3 + int(10 * rng.random()))
            text = "".join(LETTERS[int(u * len(LETTERS))] for u in draws)
            y = round((i + 1) * 28 * size) if top else height - round((i + 0.4) * 28 * size)
            x = 3 if left else width - round(len(text) * 17 * size)
            cv2.putText(image, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, grey, 1, cv2.LINE_8)
        return with_picture(sample, self, {"lines": lines}, image, sample.contrast)
