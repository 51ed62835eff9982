"""nnU-Net v2's raw layout, Isensee et al. 2021."""

from __future__ import annotations

from pathlib import Path

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import quoted
from fluorosynth.io.text import read_json
from fluorosynth.layouts.base import Item, Layout
from fluorosynth.layouts.listed import MASKS, by_stem, of_form, picture_of
from fluorosynth.layouts.marked import INSTRUMENTS

PARTS = {"Tr": "train", "Ts": "test"}
CHANNEL = "_0000"


class NnUNetRaw(Layout):
    """``imagesTr/CASE_0000.png``, ``labelsTr/CASE.png``, ``dataset.json`` with the labels.

    ``imagesTs`` are read where ``labelsTs`` are there. Classes that this
    project writes, and instrument, catheter, guidewire or wire, are instruments.
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
            self.classes = {int(value): str(name) for name, value in about["labels"].items()}
            ending = str(about.get("file_ending", ".png"))
        if ending.lower() != ".png":
            raise BadDataError(f"{quoted(path)}: pictures are {ending!r}; only .png is read")
        items = []
        for tail, part in PARTS.items():
            images = self.root / f"images{tail}"
            pictures = by_stem(images, MASKS)
            for place, file in by_stem(self.root / f"labels{tail}", MASKS).items():
                found = picture_of(file, f"{place}{CHANNEL}", pictures, images, MASKS[0])
                items.append(Item(found, part, file.stem, part, file))
        return items
