"""Sets of an annotation program's files: pictures with marks, drawn as class values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fluorosynth.errors import BadDataError
from fluorosynth.formats.mark import IGNORE, Mark, Picture
from fluorosynth.io.guard import quoted
from fluorosynth.layouts.base import Item, Layout, Values
from fluorosynth.layouts.drawing import LINE_WIDTH, draw_line
from fluorosynth.layouts.listed import is_file

IGNORED = 255  # value of regions without truth
INSTRUMENTS = "instrument", "catheter", "guidewire", "wire", "electrode_catheter"


@dataclass(frozen=True, eq=False)
class Key:
    """Where the labels of a picture are.

    Parameters
    ----------
    path
        File of annotations.
    picture
        Picture in that file, with its marks.
    """

    path: Path
    picture: Picture


class MarkedSet(Layout):
    """What the layouts of annotation programs have in common; a subclass reads its files.

    Curves are drawn as wide as the file says, else 3 px at 1024 px; outlines are filled, masks
    taken as they are. The later mark counts. Pictures without a mark show no instrument.
    """

    instrument = INSTRUMENTS
    closed = True
    _numbers: Mapping[str, int]

    def truth_of(self, item: Item) -> Path:
        """Return the file of annotations."""
        return Path(item.key.path)

    def values(self, item: Item, shape: tuple[int, int]) -> Values:
        """Draw the marks in their order; they are refused where they are of another size."""
        values = np.zeros(shape, np.uint8)
        stated = item.key.picture.shape
        if stated not in (None, shape):
            raise BadDataError(
                f"{quoted(item.key.path)} annotates a picture of {stated[1]} x {stated[0]}, which "
                f"is {shape[1]} x {shape[0]}"
            )
        for mark in item.key.picture.marks:
            try:
                self._draw(values, mark)
            except BadDataError as error:
                raise BadDataError(f"{quoted(item.key.path)}: {error}") from None
        return values

    def _number(self, classes: Mapping[int, str]) -> None:
        """Set the value of each class: its number in the file, or a free one from 1 on."""
        if len(classes) >= IGNORED:
            raise BadDataError(f"{quoted(self.root)} has {len(classes)} classes; at most 254 fit")
        kept = {v: name for v, name in classes.items() if 0 < v < IGNORED and name != IGNORE}
        free = iter(value for value in range(1, IGNORED) if value not in kept)
        for value, name in classes.items():
            if value not in kept and name not in {*kept.values(), IGNORE}:
                kept[next(free)] = name
        self.classes = {**kept, IGNORED: IGNORE}
        self._numbers = {name: value for value, name in self.classes.items()}

    def _draw(self, values: Values, mark: Mark) -> None:
        value = self._numbers[mark.label]
        if mark.areas:
            values[mark.pixels((values.shape[0], values.shape[1]))] = value
        elif mark.line is not None:
            width = mark.width or (LINE_WIDTH * max(values.shape) / 1024,)
            draw_line(values, mark.line, value, np.asarray(width, np.float32))
        else:
            raise BadDataError(f"a {mark.label!r} that is no curve, no outline and no mask")


def sequence_of(name: str, otherwise: str = "all") -> str:
    """Return the folder of a picture, which names its sequence.

    Parameters
    ----------
    name
        Name of the picture below the set's folder, with slashes.
    otherwise
        Name of the sequence of pictures that are in no folder.
    """
    folder = Path(name).parent.as_posix()
    return otherwise if folder == "." else folder


def first_base(bases: Iterable[Path], name: str) -> Path:
    """Return the first folder that holds a picture, else the first of all.

    Parameters
    ----------
    bases
        Folders where pictures may lie.
    name
        Name of a picture.
    """
    found = list(bases)
    return next((base for base in found if name and is_file(base / name)), found[0])
