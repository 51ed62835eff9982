"""nnU-Net v2's raw layout, Isensee et al. 2021."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import quoted
from fluorosynth.io.text import read_json
from fluorosynth.layouts.base import Item, Layout
from fluorosynth.layouts.listed import by_stem, of_form, picture_of
from fluorosynth.layouts.marked import INSTRUMENTS

PARTS = {"Tr": "train", "Ts": "test"}
CHANNEL = "_0000"  # the first one; others are not read
ENDINGS = ".png", ".tif", ".tiff"
HIGHEST = 2**16 - 1


class NnUNetRaw(Layout):
    """``imagesTr/CASE_0000.png``, ``labelsTr/CASE.png``, ``dataset.json`` with the labels.

    PNG or TIFF, the first channel. ``imagesTs`` are read where ``labelsTs`` are there. Classes
    that this project writes, and instrument, catheter, guidewire or wire, are instruments.
    """

    kind = "nnunet"
    about = "nnU-Net v2 raw folders, classes by dataset.json"
    protocol = "test"
    instrument = INSTRUMENTS

    @classmethod
    def matches(cls, root: Path) -> bool:
        """Tell by ``dataset.json`` beside ``labelsTr``."""
        return (root / "dataset.json").is_file() and (root / "labelsTr").is_dir()

    def find_items(self) -> list[Item]:
        """Return the cases."""
        path = self.root / "dataset.json"
        with of_form(path):
            about = read_json(path)
            self.classes = {_value(value): str(name) for name, value in about["labels"].items()}
            ending = str(about.get("file_ending", ".png")).lower()
        if ending not in ENDINGS:
            raise BadDataError(
                f"{quoted(path)}: pictures are {ending!r}; {', '.join(ENDINGS)} are read"
            )
        items = []
        for tail, part in PARTS.items():
            images = self.root / f"images{tail}"
            pictures = by_stem(images, (ending,))
            folder = self.root / f"labels{tail}"
            labels = by_stem(folder, (ending,))
            for place, file in labels.items():
                found = picture_of(file, f"{place}{CHANNEL}", pictures, images, ending)
                items.append(Item(found, part, file.stem, part, file))
            for place, file in pictures.items() if labels else ():
                if place.endswith(CHANNEL) and place.removesuffix(CHANNEL) not in labels:
                    raise BadDataError(f"{quoted(file)} has no labels in {quoted(folder)}")
        return items


def _value(value: Any) -> int:
    if isinstance(value, list):
        raise ValueError(f"the region {value} is of several labels; name each label by itself")
    if not 0 <= int(value) <= HIGHEST:
        raise ValueError(f"a label {value}")
    return int(value)
