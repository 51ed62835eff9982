"""Where a DICOM image was exposed: the display shutter and the collimator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pydicom import Dataset

_Mask = NDArray[np.bool_]
_Numbers = NDArray[np.float64]
_MODULES = ("Shutter", "Collimator")  # the two name their elements alike


def exposed_field(header: Dataset, height: int, width: int) -> _Mask | None:
    """Return what shutter and collimator leave open, or None when the header does not say.

    Several shapes intersect (DICOM PS3.3 C.7.6.11 and C.8.7.3); coordinates there count rows
    and columns from 1, edges included. Shapes that leave nothing open are taken as unstated.

    Parameters
    ----------
    header
        Header of the frame.
    height
        Height of the frame, px.
    width
        Width of the frame, px.

    Returns
    -------
    NDArray[np.bool_] or None
        ``(height, width)``, True inside.
    """
    rows, columns = np.ogrid[1 : height + 1, 1 : width + 1]
    field = np.ones((height, width), bool)
    stated = False
    for shape, numbers in _shapes(header):
        stated = True
        field &= _inside(shape, numbers, rows, columns)
    return field if stated and field.any() else None


def field_tags() -> list[str]:
    """Return the keywords of the elements that `exposed_field` reads."""
    return [
        keyword.format(module)
        for module in _MODULES
        for keyword in ("{}Shape", *(name for names in _ELEMENTS.values() for name in names))
    ]


_ELEMENTS = {
    "RECTANGULAR": (
        "{}LeftVerticalEdge",
        "{}RightVerticalEdge",
        "{}UpperHorizontalEdge",
        "{}LowerHorizontalEdge",
    ),
    "CIRCULAR": ("CenterOfCircular{}", "RadiusOfCircular{}"),
    "POLYGONAL": ("VerticesOfThePolygonal{}",),
}
_LEAST_NUMBERS = {"RECTANGULAR": 4, "CIRCULAR": 3, "POLYGONAL": 6}


def _shapes(header: Dataset) -> Iterator[tuple[str, _Numbers]]:
    for module in _MODULES:
        named = header.get(f"{module}Shape") or ()
        for shape in (named,) if isinstance(named, str) else named:
            values = [header.get(name.format(module)) for name in _ELEMENTS.get(shape, ())]
            if values and None not in values:
                numbers = np.hstack([np.atleast_1d(np.float64(value)) for value in values])
                if len(numbers) >= _LEAST_NUMBERS[shape]:
                    yield shape, numbers


def _inside(shape: str, numbers: _Numbers, rows: _Numbers, columns: _Numbers) -> _Mask:
    inside: _Mask
    if shape == "RECTANGULAR":
        left, right, upper, lower = numbers[:4]
        inside = (left <= columns) & (columns <= right) & (upper <= rows) & (rows <= lower)
    elif shape == "CIRCULAR":
        row, column, radius = numbers[:3]
        inside = (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
    else:
        corners = numbers[: len(numbers) // 2 * 2].reshape(-1, 2)[:, ::-1] - 1  # to (x, y) from 0
        drawn = np.zeros((rows.size, columns.size), np.uint8)
        cv2.fillPoly(drawn, [np.rint(corners.clip(-(2**15), 2**15)).astype(np.int32)], 1)
        inside = drawn.astype(bool)
    return inside
