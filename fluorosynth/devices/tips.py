"""The ends of catheters and guidewires, as chains of circular arcs."""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

SAGITTA = 0.08  # px, the most that a curve leaves the chord between two points
MAX_SPACING = 4.0  # px

# Per arc its length in mm and its turn in degrees, from the shaft to the tip. A Judkins shape has
# a wide secondary and a tight primary bend; a pigtail winds in from 7 mm radius, a J has 3 mm.
TIPS: dict[str, tuple[tuple[float, float], ...]] = {
    "straight": (),
    "multipurpose": ((12, 50), (10, 0)),
    "judkins_right": ((30, 30), (15, 0), (9, 70), (7, 0)),
    "judkins_left": ((32, 110), (18, 0), (9, 60), (7, 0)),
    "pigtail": ((11, 90), (9.5, 90), (9, 90), (8, 80)),
    "j": ((9.4, 180), (2, 0)),
}


def tip(
    name: str, px_per_mm: float, width: float, rng: np.random.Generator
) -> NDArray[np.complex128]:
    """Draw one tip in its own frame: it leaves the origin along the real axis.

    All lengths are multiplied by one number from U(0.8, 1.2), all turns by one from
    U(0.75, 1.25), and half of the tips are mirrored. No arc is tighter than ``width``.

    Parameters
    ----------
    name
        Name of the shape, a key of ``TIPS``.
    px_per_mm
        Pixels per millimetre.
    width
        Full width of the instrument, px.
    rng
        Source of three draws.

    Returns
    -------
    NDArray
        ``(n,)`` complex ``x + 1j y`` in pixels after the origin; none for a straight tip.
    """
    length_factor, turn_factor, side = rng.random(3).tolist()
    arcs = []
    for length, degrees in TIPS[name]:
        turn = math.radians(degrees) * (0.75 + 0.5 * turn_factor) * (1 if side < 0.5 else -1)
        pixels = max(length * px_per_mm * (0.8 + 0.4 * length_factor), abs(turn) * width)
        arcs.append((pixels, turn))
    return chained(arcs)


def chained(arcs: Iterable[tuple[float, float]]) -> NDArray[np.complex128]:
    """Return the points of arcs, each where the last one ends and as it heads there.

    Parameters
    ----------
    arcs
        Length in px and turn in radians of each, from x towards y.

    Returns
    -------
    NDArray
        ``(n,)`` complex ``x + 1j y`` in pixels after the origin, left along the real axis.

    Examples
    --------
    >>> import math
    >>> quarter = chained([(math.pi / 2 * 10, math.pi / 2)])
    >>> complex(quarter[-1].round(1))
    (10+10j)
    """
    place, ahead, curve = 0j, 1 + 0j, []
    for pixels, turn in arcs:
        count = math.ceil(pixels / spacing(abs(turn) / pixels))
        half = cmath.rect(1.0, turn / count / 2)
        for _ in range(count):
            # A chord of an arc points along the mean of its two tangents
            ahead *= half
            place += pixels / count * ahead
            ahead *= half
            curve.append(place)
    return np.array(curve, np.complex128)


def spacing(curvature: float) -> float:
    """Return the distance between points that keeps their chords within ``SAGITTA``, px.

    Parameters
    ----------
    curvature
        Curvature there, 1/px.

    Examples
    --------
    >>> round(spacing(1 / 20), 2), spacing(0.0)
    (3.58, 4.0)
    """
    return min(MAX_SPACING, math.sqrt(8 * SAGITTA / max(curvature, 1e-9)))
