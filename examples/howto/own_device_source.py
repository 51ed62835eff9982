"""A device source of one's own: arcs that enter at the bottom.

    python own_device_source.py

A background source is made in the same way, from BackgroundSource. For recipes in TOML, name it in
the pyproject.toml of an installed package, under the kind that the class states:

    [project.entry-points."fluorosynth.devices"]
    arcs = "own_device_source:Arcs"
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fluorosynth import Device, Recipe
from fluorosynth.devices.base import DeviceSource


@dataclass(frozen=True)
class Arcs(DeviceSource, kind="arcs"):
    """Quarter circles, ``width`` px wide."""

    width: float = 4.0

    def open(self, size: int, seed: int) -> OpenArcs:  # noqa: ARG002
        """Return a source for ``(size, size)`` pictures; nothing is drawn once per data set."""
        return OpenArcs(self, size, f"{self} size={size}")


@dataclass(frozen=True)
class OpenArcs:
    """An opened source: equal fingerprints must mean equal curves."""

    source: Arcs
    size: int
    fingerprint: str

    def draw(self, rng: np.random.Generator) -> tuple[Device, ...]:
        """Return one arc of a random place and radius, from the border to its tip."""
        x, radius = rng.uniform(0.2, 0.8) * self.size, rng.uniform(0.3, 0.6) * self.size
        angle = np.linspace(0, np.pi / 2, 33)
        curve = np.stack(
            [x + radius * (np.cos(angle) - 1), self.size - 0.5 - radius * np.sin(angle)], 1
        )
        width = np.full(len(curve), self.source.width, np.float32)
        return (Device(curve.astype(np.float32), width, "arc", f"arc:{x:.1f}"),)


if __name__ == "__main__":
    recipe = replace(Recipe.preset("paper"), devices=(Arcs(width=5.0),))
    sample = recipe.sample(seed=0, index=5)
    print(sample.meta["devices"], int((sample.mask == 1).sum()), "labelled pixels")
