"""A mask where it lies, read as the truth of the picture that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import quoted
from fluorosynth.io.labels import Labels, read_labels
from fluorosynth.io.mask_values import MaskValues, Meaning
from fluorosynth.io.published import read_label_row
from fluorosynth.sample import BACKGROUND, Mask


@dataclass(frozen=True, order=True)
class MaskFile:
    """Where a mask lies: a PNG file, or a row of a file of labels.

    Parameters
    ----------
    path
        File of the mask.
    row
        Number of the row; -1 for a file of one mask.
    """

    path: Path
    row: int = -1

    def __str__(self) -> str:
        return quoted(self.path) + ("" if self.row < 0 else f", row {self.row},")

    def labels(self) -> Labels:
        """Read it; BadDataError where it is missing or broken."""
        if self.row < 0:
            return read_labels(self.path)
        return Labels(read_label_row(self.path, self.row), drawn=True)


def read_meant(mask: MaskFile, meaning: Meaning, shape: tuple[int, ...], frame: Path) -> Mask:
    """Return ``(H, W)`` uint8 {0, 1, 255} of the mask of a picture.

    Parameters
    ----------
    mask
        Mask to read.
    meaning
        Meaning of its values.
    shape
        Shape of the picture that it belongs to.
    frame
        File of that picture, for the message.

    Raises
    ------
    BadDataError
        When it is no mask, or not of the picture's shape.
    """
    labels = mask.labels()
    check_size(mask, labels.values.shape, shape, frame)
    return meaning.mask(labels, mask)


def covered(mask: MaskFile, given: MaskValues, shape: tuple[int, ...], frame: Path) -> Mask:
    """Return ``(H, W)`` uint8, 1 wherever a picture's mask holds anything, ignored or not.

    Parameters
    ----------
    mask
        Mask to read.
    given
        Values that count, and what they mean.
    shape
        Shape of the picture that it belongs to.
    frame
        File of that picture, for the message.
    """
    meaning = Meaning(given, ignore=given.ignore)
    return np.asarray(read_meant(mask, meaning, shape, frame) != BACKGROUND, np.uint8)


def check_size(mask: MaskFile, found: tuple[int, ...], shape: tuple[int, ...], frame: Path) -> None:
    """Refuse a mask that is not of its picture's size.

    Parameters
    ----------
    mask
        Mask, for the message.
    found
        Shape of the mask, (height, width).
    shape
        Shape of the picture, (height, width).
    frame
        File of the picture, for the message.

    Raises
    ------
    BadDataError
        Naming both files, unless the two shapes are equal.
    """
    if found != shape:
        (rows, columns), (height, width) = found, shape
        raise BadDataError(
            f"{mask} is {columns} x {rows} pixels but {quoted(frame)} is {width} x {height}"
        )
