"""Several stages as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fluorosynth.ranges import Chance
from fluorosynth.sample import Sample
from fluorosynth.stages.base import Stage, Stream, nested
from fluorosynth.stages.order import Flow, follow


@dataclass(frozen=True)
class Compose(Stage):
    """Apply several stages in order: all or none.

    Parameters
    ----------
    stages
        Stages to apply.
    chance
        Probability that they are.
    """

    stages: tuple[Stage, ...]
    chance: Chance = 1.0

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Apply all, or return the sample as it is."""
        if rng.random() >= self.chance:
            return sample
        for stage in self.stages:
            sample = stage(sample, rng)
        return sample

    def follow(self, given: Flow) -> Flow:
        """Return the states after all of them, and those given where they may be left out."""
        after = follow(self.stages, given)
        return after if self.chance == 1 else {**given, **after}

    def over(self, frames: Sequence[Sample], stream: Stream) -> list[Sample]:
        """Apply all to the whole sequence, or none."""
        sequence = list(frames)
        if stream(0).random() >= self.chance:
            return sequence
        for number, stage in enumerate(self.stages):
            sequence = stage.over(sequence, nested(stream, number))
        return sequence
