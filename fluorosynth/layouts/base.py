"""What a layout is: pictures in the order of their sequences, and class values of each pixel."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.io.class_image import Colour, read_classes
from fluorosynth.io.frames import read_frames
from fluorosynth.io.guard import quoted
from fluorosynth.sample import Image

Values = NDArray[Any]


@dataclass(frozen=True)
class Item:
    """A labelled picture.

    Parameters
    ----------
    image
        File of the picture.
    sequence
        Name of the sequence that it is a frame of.
    name
        Name of the picture, unique in its sequence.
    part
        Part of the set: ``"train"``, ``"test"``, ...; empty where it has none.
    key
        Key by which the layout finds its labels: a file, or a number of its own.
    """

    image: Path
    sequence: str
    name: str
    part: str
    key: Any


class Layout(ABC):
    """A labelled set on disk; nothing is read but names, lists and annotations.

    Parameters
    ----------
    root
        Folder of the set.

    Raises
    ------
    BadDataError
        When it is not laid out so, holds no labelled picture, or labels one twice.
    """

    kind: ClassVar[str]
    about: ClassVar[str]  # one line for people
    protocol: ClassVar[str] = ""  # the part that models are compared on; empty: all
    instrument: ClassVar[tuple[str, ...]] = ()  # classes that are instruments by default
    ignored: ClassVar[tuple[str, ...]] = ("ignore",)  # classes without truth by default
    colours: ClassVar[Mapping[Colour, int]] = {}  # values of labels saved in colour
    open_ended: ClassVar[bool] = False  # any value but 0 is an object of its own
    closed: ClassVar[bool] = False  # pixels have no value but those of its classes

    def __init__(self, root: Path) -> None:
        self.root = root
        self.classes: Mapping[int, str] = {}  # name of each value; set by ``find_items``
        self.items = self.find_items()
        if not self.items:
            raise BadDataError(
                f"{quoted(root)} holds no labelled picture of the layout {self.kind}"
            )
        labelled: dict[Path, Item] = {}
        for item in self.items:
            if labelled.setdefault(item.image, item) is not item:
                raise BadDataError(
                    f"{quoted(self.truth_of(item))} labels {quoted(item.image)}, which "
                    f"{quoted(self.truth_of(labelled[item.image]))} has labelled before: keep one"
                )

    @classmethod
    @abstractmethod
    def matches(cls, root: Path) -> bool:
        """Tell by files that only this layout has whether a folder is laid out so.

        Parameters
        ----------
        root
            Folder in question.
        """

    @abstractmethod
    def find_items(self) -> list[Item]:
        """Set ``classes`` and return all labelled pictures, sequence by sequence."""

    def image(self, item: Item) -> Image:
        """Return the picture, ``(H, W)`` uint8, writable as PyTorch wants it.

        Parameters
        ----------
        item
            Labelled picture, one of ``items``.
        """
        return np.require(next(iter(read_frames(item.image, [0]))).image, requirements="W")

    def values(self, item: Item, shape: tuple[int, int]) -> Values:  # noqa: ARG002
        """Return the class of each pixel, ``(H, W)`` of whole numbers; BadDataError if broken.

        Parameters
        ----------
        item
            Labelled picture, one of ``items``.
        shape
            Height and width of its picture.
        """
        return read_classes(item.key, self.colours)

    def truth_of(self, item: Item) -> Path:
        """Return the file that holds the labels of an item.

        Parameters
        ----------
        item
            Labelled picture, one of ``items``.
        """
        return Path(item.key)
