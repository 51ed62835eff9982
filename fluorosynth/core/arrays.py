"""What somebody else's arrays must hold, said in one sentence where they do not."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError

MIN_SIDE, MAX_SIDE = 16, 4096  # px of a picture
MAX_PLACE = 1e6  # px from a picture's corner that a point may lie
BRIGHTEST = 2.0  # intensity: 1 is white, noise goes beyond


def form(value: Any) -> str:
    """Return what to call a value in a message: an array by shape and dtype.

    Parameters
    ----------
    value
        Value of any type.

    Examples
    --------
    >>> form(np.zeros((2, 3))), form("x")
    ('(2, 3) float64', "'x'")
    """
    return f"{value.shape} {value.dtype}" if isinstance(value, np.ndarray) else f"{value!r:.40}"


def check_picture(name: str, image: Any) -> None:
    """Refuse what is no picture: of grey levels, uint8, or of intensities, float32.

    Parameters
    ----------
    name
        Name of the value, for the message.
    image
        Array ``(H, W)``, sides of 16 to 4096 px. Intensities are 0..1, up to 2 where noise adds
        to them.

    Raises
    ------
    BadDataError
        For another shape or dtype, NaN, and intensities out of range.
    """
    if not isinstance(image, np.ndarray) or image.ndim != 2:
        raise BadDataError(f"{name} should be (H, W), not {form(image)}")
    if image.dtype not in (np.uint8, np.float32):
        raise BadDataError(
            f"{name} should be grey levels, uint8, or intensities, float32, not {image.dtype}"
        )
    if not (min(image.shape) >= MIN_SIDE and max(image.shape) <= MAX_SIDE):
        raise BadDataError(
            f"{name} should have sides of {MIN_SIDE} to {MAX_SIDE} px, not {image.shape}"
        )
    if image.dtype == np.float32:
        check_finite(name, image)
        low, high = float(image.min()), float(image.max())
        if not (low >= 0 and high <= BRIGHTEST):
            raise BadDataError(
                f"{name} should hold intensities from 0 to 1, white, not {low:g} to {high:g}"
            )


def check_intensities(name: str, image: Any) -> None:
    """Refuse what is no picture of intensities; see ``check_picture``.

    Parameters
    ----------
    name
        Name of the value, for the message.
    image
        Value to check.
    """
    check_picture(name, image)
    if image.dtype != np.float32:
        raise BadDataError(
            f"{name} should be intensities, float32 with 1 for white, not {image.dtype}; "
            "`fluorosynth.apply` takes grey levels too"
        )


def check_curve(name: str, points: NDArray[np.floating], width: NDArray[np.floating]) -> None:
    """Refuse values that no instrument has.

    Parameters
    ----------
    name
        Name of the curve, for the message.
    points
        Array ``(n, 2)``, px.
    width
        Array ``(n,)``, px.

    Raises
    ------
    BadDataError
        For NaN, a point far beyond any picture, and a width that is not above 0.
    """
    check_finite(f"{name}.centreline", points)
    check_finite(f"{name}.width", width)
    if np.abs(points).max() > MAX_PLACE:
        worst = float(points.flat[np.abs(points).argmax()])
        raise BadDataError(f"{name}.centreline should lie near the picture, not at {worst:g} px")
    if not (width.min() > 0 and width.max() <= MAX_SIDE):
        worst = float(width.min() if width.min() <= 0 else width.max())
        raise BadDataError(
            f"{name}.width should be above 0 and at most {MAX_SIDE} px, not {worst:g}"
        )


def check_finite(name: str, values: NDArray[np.floating]) -> None:
    """Refuse values of which some are not finite.

    Parameters
    ----------
    name
        Name of the values, for the message.
    values
        Floats of any shape.

    Raises
    ------
    BadDataError
        With the number of NaN and infinite values, if there are any.
    """
    bad = int(values.size - np.isfinite(values).sum())
    if bad:
        raise BadDataError(f"{name} holds {bad} NaN or infinite values of {values.size}")
