"""What a test picture is like: every property that is varied, with the value it is held at."""

from __future__ import annotations

from dataclasses import dataclass, fields

from fluorosynth.errors import UsageError

LIMITS = {
    "depth": (0.0, 100.0),
    "width": (0.5, 40.0),
    "photons": (1.0, 1e9),
    "blur": (0.0, 20.0),
    "spine": (0.0, 100.0),
    "vessels": (0.0, 100.0),
    "radius": (2.0, 1000.0),
    "count": (1.0, 20.0),
    "field": (0.1, 2.0),
    "magnification": (0.25, 4.0),
    "scale": (0.125, 4.0),
}


@dataclass(frozen=True)
class Condition:
    """The properties of a test picture. Lengths in pixels are those of a 256 px picture.

    Parameters
    ----------
    depth
        Grey levels by which an instrument darkens the picture along its centreline (median),
        blur included, noise not.
    width
        Outer diameter of an instrument, px.
    photons
        Mean number of photons in a pixel that is shown white; the noise is theirs alone.
    blur
        Standard deviation of the blur of anatomy and instruments, px.
    spine
        Grey levels of a spine whose column lies under the first instrument; 0: none.
    vessels
        Grey levels of a tree of contrast-filled vessels across the first instrument; 0: none.
    radius
        Bending radius of the last 90 px before a tip, px.
    count
        Number of instruments.
    field
        Diameter of the round exposed field in sides of the picture; from 1.42 on all is exposed.
    magnification
        Factor on anatomy and instruments together; noise and blur stay.
    scale
        Factor by which the finished picture is resized before a segmenter gets it.

    Raises
    ------
    UsageError
        For a value out of range.

    Examples
    --------
    >>> Condition(depth=5.0).width
    4.0
    """

    depth: float = 16.0
    width: float = 4.0
    photons: float = 2000.0
    blur: float = 0.7
    spine: float = 0.0
    vessels: float = 0.0
    radius: float = 40.0
    count: float = 1.0
    field: float = 1.5
    magnification: float = 1.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        for field_ in fields(self):
            low, high = LIMITS[field_.name]
            value = getattr(self, field_.name)
            if not low <= value <= high:
                raise UsageError(f"{field_.name} must be {low:g} to {high:g}, not {value}")
        if self.count != int(self.count):
            raise UsageError(f"count must be a whole number, not {self.count}")
