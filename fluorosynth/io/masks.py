"""What the values of masks mean: one rule for all that read masks.

A value is taken as meant where that is certain, else the file and the way out are named.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.guard import quoted
from fluorosynth.io.labels import Labels, read_labels
from fluorosynth.io.published import read_label_row
from fluorosynth.sample import BACKGROUND, IGNORE, INSTRUMENT, Mask

MAX_SHARE = 0.5  # of a picture that instruments cover
MAX_LABELS = 64  # more values than this are grey levels
RIMS = 0.3  # share of what is less than brightest that lies beside another value: no numbers do
_WAY_OUT = "say which value is what by `instrument`, `ignore` or `threshold`"


@dataclass(frozen=True)
class MaskValues:
    """What masks hold, where they do not tell by themselves.

    Parameters
    ----------
    instrument
        Values of instruments; any other is background. Empty: by the masks.
    ignore
        Value of pixels without truth; -1: by the masks.
    threshold
        Grey value above which a pixel is instrument; -1: none.

    Raises
    ------
    UsageError
        For values outside 0 to 65535, or instrument values beside a threshold.
    """

    instrument: tuple[int, ...] = ()
    ignore: int = -1
    threshold: int = -1

    def __post_init__(self) -> None:
        given = {"ignore": self.ignore, "threshold": self.threshold}
        given |= {"instrument": min(self.instrument, default=-1)}
        for name, value in [*given.items(), ("instrument", max(self.instrument, default=-1))]:
            if not -1 <= value <= 65535:
                raise UsageError(f"`{name}` must be from 0 to 65535, not {value}")
        if self.instrument and self.threshold >= 0:
            raise UsageError("give `instrument` values or a `threshold`, not both")
        if self.ignore >= 0 and self.ignore in self.instrument:
            raise UsageError(f"{self.ignore} cannot be both `instrument` and `ignore`")


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


@dataclass(frozen=True)
class Meaning:
    """What the values of a set of masks mean.

    Parameters
    ----------
    given
        Values as the user states them.
    instrument
        Values of instruments, where ``several`` values are not all.
    ignore
        Value of pixels without truth; -1: none.
    """

    given: MaskValues = field(default_factory=MaskValues)
    instrument: frozenset[int] = frozenset()
    ignore: int = -1

    def numbered(self, labels: Labels, name: object) -> NDArray[Any]:
        """Return ``(H, W)`` numbers of instruments, 0 where there is none or no truth.

        Parameters
        ----------
        labels
            Label image, ``(H, W)`` integers.
        name
            Name of the picture, for the message.

        Raises
        ------
        BadDataError
            When the picture is no mask.
        """
        values, drawn = _hardened(labels)
        if self.given.threshold >= 0:
            found = (labels.values > self.given.threshold).astype(np.uint8)
        elif self.given.instrument:
            known = np.isin(labels.values, self.given.instrument)
            found = np.where(known, np.maximum(labels.values, 1), 0)  # 0 may be an instrument
        elif drawn:
            return _checked((values > 0).astype(np.uint8), name)
        else:
            kept = np.isin(values, list(self.instrument)) if self.instrument else values > 0
            found = np.where(kept, values, 0)
        if self.ignore >= 0:
            found = np.where(labels.values == self.ignore, 0, found)
        return _checked(found, name)

    def mask(self, labels: Labels, name: object) -> Mask:
        """Return ``(H, W)`` uint8 {0, 1, 255}; raise as ``numbered`` does.

        Parameters
        ----------
        labels
            Label image, ``(H, W)`` integers.
        name
            Name of the picture, for the message.
        """
        mask = np.where(self.numbered(labels, name) > 0, np.uint8(INSTRUMENT), np.uint8(BACKGROUND))
        if self.ignore >= 0 and not (self._drawn(labels) and self.given.ignore < 0):
            mask[(labels.values == self.ignore) & (mask == BACKGROUND)] = IGNORE
        return mask

    def _drawn(self, labels: Labels) -> bool:
        return _hardened(labels)[1]


def meaning_of(
    masks: Collection[MaskFile],
    given: MaskValues | None = None,
    *,
    several: bool = False,
) -> Meaning:
    """Find out what the values of masks mean that belong together.

    0 is background. A single other value is the instrument, whatever it is. Where a mask holds
    both 1 and 255, 255 is ignored. Grey rims of a drawing (anti-aliased, once a JPEG) are cut at
    half its brightest value.

    Parameters
    ----------
    masks
        Files of masks.
    given
        Values as the user states them.
    several
        Whether values other than 1 and 255 number instruments.

    Raises
    ------
    BadDataError
        Naming the files whose values leave two readings.
    """
    given = given or MaskValues()
    held: dict[MaskFile, frozenset[int]] = {}
    if not (given.threshold >= 0 or given.instrument):
        held = {mask: _values(mask) - {given.ignore} for mask in masks}
    if given.ignore >= 0:
        return Meaning(given, _instruments(held, several), given.ignore)
    for mask, values in held.items():
        if values == {INSTRUMENT, IGNORE}:
            _refuse_fringe(mask)
    if _both(held):
        held = {mask: values - {IGNORE} for mask, values in held.items()}
        return Meaning(given, _instruments(held, several), IGNORE)
    return Meaning(given, _instruments(held, several))


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


def _instruments(held: Mapping[MaskFile, frozenset[int]], several: bool) -> frozenset[int]:
    """Return the value of instruments; none stands for all."""
    first: dict[int, MaskFile] = {}
    for mask, values in held.items():
        for value in values:
            first.setdefault(value, mask)
    if len(first) < 2 or (several and set(first) != {INSTRUMENT, IGNORE}):
        return frozenset() if several else frozenset(first)
    if set(first) == {INSTRUMENT, IGNORE}:
        raise BadDataError(
            f"{first[INSTRUMENT]} holds 1 and {first[IGNORE]} holds 255 alone, which may be "
            f"instrument or ignored: {_WAY_OUT}"
        )
    odd = max(set(first) - {INSTRUMENT, IGNORE})
    raise BadDataError(
        f"{first[odd]} holds {odd}: a mask holds 0, 1 and 255 (ignore), or 0 and one value; "
        f"{_WAY_OUT}"
    )


def _refuse_fringe(mask: MaskFile) -> None:
    """Raise BadDataError where the 1s of a mask are but a fringe of its 255s, as a JPEG leaves it.

    They lie close about more 255s, and open to the background: what is ignored about an instrument
    would close it in.
    """
    values = mask.labels().values
    ones, bright = values == INSTRUMENT, values == IGNORE
    open_ones = ones & _near(values == BACKGROUND, 1)
    if (
        ones.sum() < bright.sum()
        and _near(bright, 8)[ones].all()
        and 2 * open_ones.sum() > ones.sum()
    ):
        raise BadDataError(
            f"{mask} holds 255 with a fringe of 1s: are they an instrument and what is ignored, or "
            f"a drawing that was once a JPEG? {_WAY_OUT[0].upper()}{_WAY_OUT[1:]}"
        )


def _both(held: Mapping[MaskFile, frozenset[int]]) -> bool:
    """Tell whether 255 is ignored for certain.

    It is where every mask that holds it holds 1 as well, or is full of it: nothing is known there.
    """
    if not any(INSTRUMENT in values for values in held.values()):
        return False
    alone = [m for m, values in held.items() if IGNORE in values and INSTRUMENT not in values]
    together = any({INSTRUMENT, IGNORE} <= values for values in held.values())
    full = all((m.labels().values == IGNORE).all() for m in alone)
    return full and (together or bool(alone))


def _values(mask: MaskFile) -> frozenset[int]:
    """Return the values of a mask other than 0; none where the file tells itself."""
    values, drawn = _hardened(mask.labels())
    if drawn:
        return frozenset()
    found = np.unique(values)
    if len(found) > MAX_LABELS:
        raise BadDataError(
            f"{mask} holds {len(found)} values, so it is no label image: name the masks alone, or "
            "give a `threshold`"
        )
    if len(found) > 3 and found[-1] >= 128 and _touching(values) >= RIMS:
        raise BadDataError(
            f"{mask} holds {len(found)} values that are rims of one another, so they are no "
            "labels: give a `threshold`"
        )
    return frozenset(int(value) for value in found if value)


def _checked(found: NDArray[Any], name: object) -> NDArray[Any]:
    share = float(np.mean(found != 0))
    if share > MAX_SHARE:
        raise BadDataError(
            f"{name} is no mask of instruments: {share:.0%} of it is not background; invert it, "
            "or name the value of instruments by `instrument`"
        )
    return found


def _hardened(labels: Labels) -> tuple[NDArray[Any], bool]:
    """Return the values, of a soft drawing cut at half; and whether they are 0 and not 0 alone."""
    if not is_soft(labels.values):
        return labels.values, labels.drawn
    return (labels.values > labels.values.max() / 2).astype(np.uint8), True


def is_soft(values: NDArray[Any]) -> bool:
    """Tell whether a label image is a drawing with grey rims rather than numbers.

    Its bright pixels are a drawing's where all that is neither bright nor dark lies between the
    two, within 2 px of both, and all that is nearly black within 16 px of it, as a JPEG leaves it.

    Parameters
    ----------
    values
        Label image, ``(H, W)`` integers.

    Examples
    --------
    >>> line = np.zeros((40, 40), np.uint8)
    >>> line[10:15] = 255
    >>> numbers = np.where(line > 0, 1, 0)
    >>> numbers[20:25] = 2
    >>> is_soft(line), is_soft(cv2.blur(line, (3, 3))), is_soft(numbers)
    (False, True, False)
    """
    high = int(values.max())
    present = np.flatnonzero(np.bincount(values.ravel()))
    if high < 128 or len(present) < 3 or set(present.tolist()) <= {0, 1, 255}:
        return False
    bright, dark = values >= 0.875 * high, values <= 0.125 * high
    between, faint = ~(bright | dark), dark & (values > 0)
    if faint.any() and (present > 0.125 * high).sum() < 2:
        return False  # numbers such as 1, 2 and 255
    if _touching(values) < RIMS:
        return False
    rim = _near(bright, 2) & _near(dark, 2)
    rims = rim[between].mean() > 0.99 if between.any() else True
    return bool(rims and _near(bright, 16)[faint].all())


def _touching(values: NDArray[Any]) -> float:
    """Return the share of what is drawn, but less than brightest, beside another drawn value.

    Values within 3 of the brightest count as it, nearly black ones not at all.
    """
    high = int(values.max())
    levels = np.where(values <= 0.125 * high, 0, values)
    levels = np.where(values >= high - 3, high, levels)
    drawn = (levels > 0) & (levels < high)
    if not drawn.any():
        return 1.0
    padded = np.pad(levels, 1)
    beside = np.zeros(levels.shape, bool)
    for rows, columns in ((0, 1), (2, 1), (1, 0), (1, 2)):
        other = padded[rows : rows + levels.shape[0], columns : columns + levels.shape[1]]
        beside |= (other != levels) & (other > 0)
    return float(beside[drawn].mean())


def _near(region: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    square = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    return np.asarray(cv2.dilate(region.astype(np.uint8), square) > 0)


def readable(masks: Collection[MaskFile], problems: list[str]) -> Iterator[MaskFile]:
    """Yield the masks that can be read.

    Parameters
    ----------
    masks
        Masks to try.
    problems
        List that gets a sentence for each of the others.
    """
    for mask in masks:
        try:
            _values(mask)
        except BadDataError as error:
            problems.append(str(error))
        else:
            yield mask
