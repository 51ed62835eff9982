"""Several stages as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fluorosynth.sample import Sample
from fluorosynth.stages.base import Stage, Stream, nested


@dataclass(frozen=True)
class Compose(Stage):
    """Apply ``stages`` in order, each with probability ``chance``: all or none."""

    stages: tuple[Stage, ...]
    chance: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.chance <= 1:
            raise ValueError(f"compose needs a chance in [0, 1], not {self.chance}")

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Apply all, or return the sample as it is."""
        if rng.random() >= self.chance:
            return sample
        for stage in self.stages:
            sample = stage(sample, rng)
        return sample

    def over(self, frames: Sequence[Sample], stream: Stream) -> list[Sample]:
        """Apply all to the whole run, or none."""
        run = list(frames)
        if stream(0).random() >= self.chance:
            return run
        for number, stage in enumerate(self.stages):
            run = stage.over(run, nested(stream, number))
        return run
