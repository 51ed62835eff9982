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
        """Draw one value.

        Parameters
        ----------
        rng
            Source of a single number.
        """


def draw_within(low: float, high: float, law: Range, what: str, rng: np.random.Generator) -> float:
    """Draw one value that must lie in [low, high].

    Parameters
    ----------
    low
        Least value allowed.
    high
        Greatest value allowed.
    law
        Law to draw from.
    what
        Name of the value, for the message.
    rng
        Source of a single number.

    Raises
    ------
    UsageError
        Naming what was drawn, the value and the bounds, when it lies outside.

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
    """Numbers that are uniform on [low, high).

    Parameters
    ----------
    low
        Least value.
    high
        Value that all are below.
    """

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
    """Numbers whose logarithm is uniform on [low, high).

    Parameters
    ----------
    low
        Least value, > 0.
    high
        Value that all are below.
    """

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
    """One of several values, equally likely.

    Parameters
    ----------
    values
        Values to choose from, at least one.
    """

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("choice range needs at least one value")

    def draw(self, rng: np.random.Generator) -> float:
        """Draw one value."""
        return self.values[int(rng.random() * len(self.values))]


@dataclass(frozen=True)
class Constant(Range, kind="constant"):
    """A number that is always the same.

    It still takes one draw, so that the stream does not shift.

    Parameters
    ----------
    value
        Value of the number.
    """

    value: float

    def draw(self, rng: np.random.Generator) -> float:
        """Draw one value."""
        rng.random()
        return self.value


def check_odds(
    name: str, things: Sequence[object], odds: Sequence[float], odds_name: str = ""
) -> None:
    """Refuse odds that do not fit what there is to choose.

    Parameters
    ----------
    name
        Name of the field of the things, for the message.
    things
        Things to choose from.
    odds
        Weight of each, >= 0; empty: equal.
    odds_name
        Name of the field of the odds; empty: ``name``, where they are one.

    Raises
    ------
    ValueError
        When there is nothing to choose, or the odds do not fit it.
    """
    if not things:
        raise ValueError(f"{name} is empty: it needs at least one entry to choose from")
    own, given = odds_name or name, list(odds)
    if odds and len(odds) != len(things):
        raise ValueError(
            f"{own} {given} has another length than {name}, {len(things)}: give one weight for "
            f"each of {name}, or leave {own} out, and all are equally likely"
        )
    if odds and (min(odds) < 0 or sum(odds) <= 0):
        raise ValueError(f"{own} {given}: weights are at least 0, and one of them is above 0")


def happening(owner: object, kinds: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Return which of several things happen, each by itself, with one draw for each.

    Parameters
    ----------
    owner
        Holder of the probabilities, in fields of the things' names.
    kinds
        Names of the things.
    rng
        Source of as many numbers.
    """
    draws = rng.random(len(kinds)).tolist()
    return [kind for kind, u in zip(kinds, draws, strict=True) if u < getattr(owner, kind)]


def pick(count: int, odds: Sequence[float], rng: np.random.Generator) -> int:
    """Return the number of one of several things, with one draw.

    Parameters
    ----------
    count
        Number of things.
    odds
        Weight of each, >= 0; empty: equal.
    rng
        Source of a single number.
    """
    draw = float(rng.random())
    if not odds:
        return int(draw * count)
    at, edge = draw * sum(odds), 0.0
    for i, share in enumerate(odds):
        edge += share
        if at < edge:
            return i
    return count - 1
