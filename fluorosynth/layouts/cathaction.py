"""CathAction: catheters and guidewires in phantoms and pigs, Huang et al. 2024."""

from __future__ import annotations

import re
from pathlib import Path

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import quoted
from fluorosynth.io.names import natural_key
from fluorosynth.layouts.base import Item, Layout

PARTS = "train", "test"
MASK = re.compile(r"mask(\d+)\.png")


class CathAction(Layout):
    """``{train,test}/images/imageN.jpg`` and ``labels/maskN.png``, paired by number.

    Which frames follow one another is not said: each part is one sequence. The values of the
    masks are not published; 1 is read as catheter and 2 as guidewire, others have to be named.
    """

    kind = "cathaction"
    about = "phantom and animal frames, catheter and guidewire"
    protocol = "test"
    instrument = ("catheter", "guidewire")

    @classmethod
    def matches(cls, root: Path) -> bool:
        """Tell by a first mask in ``labels``."""
        folders = (root / part / "labels" for part in PARTS)
        return any(MASK.fullmatch(f.name) for folder in folders for f in folder.glob("mask*.png"))

    def find_items(self) -> list[Item]:
        """Return the pairs by number."""
        self.classes = {1: "catheter", 2: "guidewire"}
        items = []
        for part in PARTS:
            labels = (self.root / part / "labels").glob("mask*.png")
            for file in sorted(labels, key=natural_key):
                if (number := MASK.fullmatch(file.name)) is None:
                    continue
                found = self.root / part / "images" / f"image{number[1]}.jpg"
                if not found.is_file():
                    raise BadDataError(f"{quoted(file)} has no picture {quoted(found)}")
                items.append(Item(found, part, number[1], part, file))
        return items
