"""The properties that are varied, one at a time, and the values that they take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from fluorosynth.core.spec import did_you_mean
from fluorosynth.errors import UsageError
from fluorosynth.stress.condition import Condition


@dataclass(frozen=True)
class Axis:
    """One property of the pictures.

    Parameters
    ----------
    name
        Name of a field of ``Condition``.
    levels
        Its values, ascending.
    label
        Name for people, with its unit.
    rises
        Whether finding gets easier with larger values up to the best one: there is a lowest
        value at which half of the centreline is found.
    falls
        Whether it gets harder beyond the best value: there is a highest one.
    log
        Whether the curve is fitted and drawn over the logarithm.
    """

    name: str
    levels: tuple[float, ...]
    label: str
    rises: bool = False
    falls: bool = False
    log: bool = False

    def conditions(self, held: Condition) -> list[Condition]:
        """Return the condition of each level.

        Parameters
        ----------
        held
            Condition of all else.
        """
        changes: list[dict[str, Any]] = [{self.name: level} for level in self.levels]
        return [replace(held, **change) for change in changes]


AXES: dict[str, Axis] = {
    axis.name: axis
    for axis in (
        Axis("depth", (2, 4, 6, 9, 13, 19, 28, 40), "contrast depth, grey levels", True, log=True),
        Axis("width", (1, 1.5, 2, 3, 4, 6, 9, 13), "width, px", True, True, log=True),
        Axis("photons", (30, 60, 125, 250, 500, 1000, 4000), "photons in a pixel", True, log=True),
        Axis("blur", (0.3, 0.7, 1, 1.5, 2.5, 4, 6), "blur, px", falls=True, log=True),
        Axis("spine", (0, 15, 30, 45, 60, 75), "spine, grey levels", falls=True),
        Axis("vessels", (0, 8, 16, 24, 32, 45), "vessels, grey levels", falls=True),
        Axis("radius", (5, 8, 12, 18, 27, 40, 80), "bending radius, px", True, log=True),
        Axis("count", (1, 2, 3, 4, 6, 8, 12), "instruments", falls=True),
        Axis("field", (0.4, 0.55, 0.7, 0.85, 1, 1.5), "field, sides", True),
        Axis("magnification", (0.4, 0.55, 0.75, 1, 1.4, 2, 2.8), "magnification", True, True, True),
        Axis("scale", (0.25, 0.35, 0.5, 0.75, 1, 1.5, 2), "scale of the input", True, True, True),
    )
}


def pick_axes(names: Sequence[str] = ()) -> list[Axis]:
    """Return axes by name; all of them where none is named.

    Parameters
    ----------
    names
        Names of the axes.

    Raises
    ------
    UsageError
        For an unknown name.

    Examples
    --------
    >>> [axis.name for axis in pick_axes(["blur", "depth"])]
    ['blur', 'depth']
    """
    for name in names:
        if name not in AXES:
            raise UsageError(f"no axis {name!r}{did_you_mean(name, AXES)}")
    return [AXES[name] for name in names] if names else list(AXES.values())
