"""What a background source is."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

import numpy as np

from fluorosynth.core.component import Component
from fluorosynth.sample import Background


class Backgrounds(Protocol):
    """An opened source. ``fingerprint`` names its content: equal text, equal pictures."""

    fingerprint: str

    def draw(self, rng: np.random.Generator) -> Background:
        """Return a background of the opened size. Callers do not write to its arrays.

        Parameters
        ----------
        rng
            Source of all draws.
        """


class BackgroundSource(Component, package="fluorosynth.backgrounds"):
    """The description of a source: a frozen dataclass, cheap to make, pickled to workers."""

    @abstractmethod
    def open(self, size: int, seed: int) -> Backgrounds:
        """Read what is needed to draw ``(size, size)`` uint8 backgrounds.

        Parameters
        ----------
        size
            Side of the pictures, px.
        seed
            Seed of what is drawn once per data set, 0 <= seed < 2**64.

        Raises
        ------
        BadDataError
            Naming the file that cannot be used.
        UsageError
            For settings that do not fit.
        """

    def open_lines(self, size: int, seed: int) -> Backgrounds:
        """Read what is needed to draw backgrounds that a recipe exposes.

        A source that knows the line integrals of its pictures hands those over instead of what a
        display would show (``Background.span``), so that scatter, blur, noise, window and field
        are those of the recipe's stages alone. Others open as ever.

        Parameters
        ----------
        size
            Side of the pictures, px.
        seed
            Seed of what is drawn once per data set, 0 <= seed < 2**64.
        """
        return self.open(size, seed)
