"""nnU-Net v2's raw layout, Isensee et al. 2021."""

from __future__ import annotations

from pathlib import Path

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import quoted
from fluorosynth.io.names import natural_key
from fluorosynth.layouts.base import Item, Layout
from fluorosynth.layouts.listed import of_form, read_json

PARTS = {"Tr": "train", "Ts": "test"}
CHANNEL = "_0000"


class NnUNetRaw(Layout):
    """``imagesTr/CASE_0000.png``, ``labelsTr/CASE.png``, ``dataset.json`` with the labels.

    ``imagesTs`` are read where ``labelsTs`` are there. Classes called instrument, catheter,
    guidewire or wire are instruments.
    """

    kind = "nnunet"
    about = "nnU-Net v2 raw folders, classes by dataset.json"
    protocol = "test"
    instrument = ("instrument", "catheter", "guidewire", "wire")

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
        if ending != ".png":
            raise BadDataError(f"{quoted(path)}: pictures are {ending!r}; only .png is read")
        items = []
        for tail, part in PARTS.items():
            for file in sorted((self.root / f"labels{tail}").glob("*.png"), key=natural_key):
                found = self.root / f"images{tail}" / f"{file.stem}{CHANNEL}.png"
                if not found.is_file():
                    raise BadDataError(f"{quoted(file)} has no picture {quoted(found)}")
                items.append(Item(found, part, file.stem, part, file))
        return items
