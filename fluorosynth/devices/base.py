"""What a device source is."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol, runtime_checkable

import numpy as np

from fluorosynth.core.component import Component
from fluorosynth.sample import Device, View


class Devices(Protocol):
    """An opened source. ``fingerprint`` names its content: equal text, equal curves."""

    fingerprint: str

    def draw(self, rng: np.random.Generator) -> tuple[Device, ...]:
        """Return the instruments of one picture, in pixels of the opened size.

        Parameters
        ----------
        rng
            Source of all draws.
        """


@runtime_checkable
class ScaledDevices(Devices, Protocol):
    """An opened source that draws lengths in mm: it is told the scale of the picture."""

    def draw_at(self, view: View, rng: np.random.Generator) -> tuple[Device, ...]:
        """Return the instruments of one picture, in pixels of the opened size.

        Parameters
        ----------
        view
            Scale and voltage of the picture.
        rng
            Source of all draws.
        """


class DeviceSource(Component, package="fluorosynth.devices"):
    """The description of a source: a frozen dataclass, cheap to make, pickled to workers."""

    @abstractmethod
    def open(self, size: int, seed: int) -> Devices:
        """Read what is needed to draw devices for ``(size, size)`` pictures.

        Parameters
        ----------
        size
            Side of the pictures, px.
        seed
            Seed of what is drawn once per data set (a share of a set), 0 <= seed < 2**64.
        """
