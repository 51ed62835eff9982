"""A random choice among stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fluorosynth.ranges import check_odds, pick
from fluorosynth.sample import Sample
from fluorosynth.stages.base import Stage, Stream, nested
from fluorosynth.stages.order import Flow


@dataclass(frozen=True)
class OneOf(Stage):
    """Apply exactly one of ``stages``.

    Parameters
    ----------
    stages
        Stages to choose from, at least one.
    odds
        Odds of the stages, in order; empty: equal.
    """

    stages: tuple[Stage, ...]
    odds: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        check_odds("stages", self.stages, self.odds, "odds")

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Apply the stage that one draw picks."""
        return self.stages[pick(len(self.stages), self.odds, rng)](sample, rng)

    def follow(self, given: Flow) -> Flow:
        """Return the states after any of them."""
        return {state: by for stage in self.stages for state, by in stage.follow(given).items()}

    def over(self, frames: Sequence[Sample], stream: Stream) -> list[Sample]:
        """Apply one stage to the whole sequence."""
        number = pick(len(self.stages), self.odds, stream(0))
        return self.stages[number].over(frames, nested(stream, number))
