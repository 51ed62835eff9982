"""Parts of a picture: a polygon, run lengths, a small picture laid on it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.geometry.polygon import pixels_inside

Flags = NDArray[np.bool_]
MAX_BITS = 40  # of a run length


class Area(ABC):
    """A part of a picture."""

    @abstractmethod
    def mask(self, shape: tuple[int, int]) -> Flags:
        """Return ``(H, W)`` bool: its pixels; BadDataError where it does not fit the picture.

        Parameters
        ----------
        shape
            Height and width of the picture, px.
        """


@dataclass(frozen=True, eq=False)
class Polygon(Area):
    """What a line encloses, even-odd.

    Parameters
    ----------
    corners
        Corners, ``(n, 2)`` float64 px from the centre of the first pixel, n >= 3.
    """

    corners: NDArray[np.float64]

    def mask(self, shape: tuple[int, int]) -> Flags:
        """Return its pixels."""
        return pixels_inside(self.corners, shape)


@dataclass(frozen=True, eq=False)
class Pixels(Area):
    """Pixels of a box.

    Parameters
    ----------
    values
        Pixels, ``(h, w)`` bool.
    left
        First column of the box.
    top
        First row of the box.
    """

    values: Flags
    left: int = 0
    top: int = 0

    def mask(self, shape: tuple[int, int]) -> Flags:
        """Return them in a picture of that size."""
        height, width = self.values.shape
        check_box((self.left, self.top, width, height), shape)
        found = np.zeros(shape, bool)
        found[self.top : self.top + height, self.left : self.left + width] = self.values
        return found


@dataclass(frozen=True, eq=False)
class Runs(Area):
    """Run lengths of a box, background first.

    Parameters
    ----------
    counts
        Lengths, or COCO's compression of them.
    box
        Left, top, width and height, px.
    by_column
        Whether they run down the columns of a whole picture, as COCO's do, not along the rows.
    """

    counts: Sequence[int] | str
    box: tuple[int, int, int, int]
    by_column: bool = False

    def mask(self, shape: tuple[int, int]) -> Flags:
        """Return its pixels; sizes are checked before memory is taken."""
        check_box(self.box, shape)
        left, top, width, height = self.box
        if self.by_column and (height, width) != shape:
            raise BadDataError(
                f"run lengths of {width} x {height} px in a picture of {shape[1]} x {shape[0]}"
            )
        counts = _decompressed(self.counts) if isinstance(self.counts, str) else self.counts
        if min(counts, default=0) < 0 or sum(counts) != width * height:
            raise BadDataError(f"runs of {sum(counts)} pixels in a box of {width} x {height}")
        runs = np.asarray(counts, np.int64)
        flags = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
        order: Any = "F" if self.by_column else "C"
        return Pixels(flags.reshape((height, width), order=order), left, top).mask(shape)


def check_box(box: tuple[int, int, int, int], shape: tuple[int, int]) -> None:
    """Refuse a box that does not lie in its picture.

    Parameters
    ----------
    box
        Left, top, width and height, px.
    shape
        Height and width of the picture, px.

    Raises
    ------
    BadDataError
        When it does not.
    """
    left, top, width, height = box
    if min(box) < 0 or top + height > shape[0] or left + width > shape[1]:
        raise BadDataError(
            f"a mask of {width} x {height} px at ({left}, {top}) does not fit its picture of "
            f"{shape[1]} x {shape[0]}"
        )


def _decompressed(text: str) -> list[int]:
    """Return COCO's compressed counts: digits of 5 bits, and from the fourth on differences.

    pycocotools leaves memory unset where they are too few, so it is not asked.
    """
    counts: list[int] = []
    value = shift = 0
    for letter in text:
        digit = ord(letter) - 48
        if not 0 <= digit < 64 or shift > MAX_BITS:
            raise BadDataError("run lengths that are not COCO's")
        value |= (digit & 31) << shift
        shift += 5
        if not digit & 32:  # the last one of this number
            if digit & 16:  # which is negative
                value -= 1 << shift
            counts.append(value + (counts[-2] if len(counts) > 2 else 0))
            value = shift = 0
    return counts
