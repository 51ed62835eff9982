"""The one language of randomness: laws of scalars, probabilities, and relative odds."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Interval

from fluorosynth.core.component import Component
from fluorosynth.errors import UsageError

Chance = Annotated[float, Interval(ge=0, le=1)]
"""A probability."""


class Range(Component, package="fluorosynth.ranges"):
    """A law that draws one float."""

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> float:
        """Draw one value."""


def draw_within(low: float, high: float, law: Range, what: str, rng: np.random.Generator) -> float:
    """Draw one value that must lie in [low, high].

    Raises
    ------
    UsageError
        Naming ``what`` was drawn, the value and the bounds, when it does not.

    Examples
    --------
    >>> draw_within(0, 1, Constant(0.5), "share", np.random.default_rng(0))
    0.5
    """
    value = law.draw(rng)
    if not low <= value <= high:
        raise UsageError(f"{what} was drawn as {value}; it must be in [{low:g}, {high:g}]")
    return value


@dataclass(frozen=True)
class Uniform(Range, kind="uniform"):
    """Uniform on [low, high)."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"uniform range needs low <= high, not {self.low} > {self.high}")

    def draw(self, rng: np.random.Generator) -> float:
        """Draw one value."""
        return self.low + (self.high - self.low) * rng.random()


@dataclass(frozen=True)
class LogUniform(Range, kind="log_uniform"):
    """Uniform in the logarithm on [low, high), 0 < low."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.high:
            raise ValueError(
                f"log_uniform range needs 0 < low <= high, not ({self.low}, {self.high})"
            )

    def draw(self, rng: np.random.Generator) -> float:
        """Draw one value."""
        return self.low * math.exp(math.log(self.high / self.low) * rng.random())


@dataclass(frozen=True)
class Choice(Range, kind="choice"):
    """One of ``values``, equally likely."""

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("choice range needs at least one value")

    def draw(self, rng: np.random.Generator) -> float:
        """Draw one value."""
        return self.values[int(rng.random() * len(self.values))]


@dataclass(frozen=True)
class Constant(Range, kind="constant"):
    """Always ``value``; still takes one draw, so that the stream does not shift."""

    value: float

    def draw(self, rng: np.random.Generator) -> float:
        """Draw one value."""
        rng.random()
        return self.value


def check_odds(name: str, things: Sequence[object], odds: Sequence[float]) -> None:
    """Raise ValueError unless there is something to choose and the odds fit it."""
    if not things:
        raise ValueError(f"{name} needs at least one thing to choose from")
    if odds and (len(odds) != len(things) or min(odds) < 0 or sum(odds) <= 0):
        raise ValueError(f"{name} has {len(things)} things but odds {list(odds)}")


def pick(count: int, odds: Sequence[float], rng: np.random.Generator) -> int:
    """Return an index below ``count`` with one draw; empty ``odds``: equally likely."""
    draw = float(rng.random())
    if not odds:
        return int(draw * count)
    at, edge = draw * sum(odds), 0.0
    for i, share in enumerate(odds):
        edge += share
        if at < edge:
            return i
    return count - 1
