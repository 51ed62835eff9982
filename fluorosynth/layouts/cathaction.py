"""CathAction: catheters and guidewires in phantoms and pigs, Huang et al. 2024."""

from __future__ import annotations

import re
from pathlib import Path

from fluorosynth.layouts.base import Item, Layout
from fluorosynth.layouts.listed import MASKS, PICTURES, by_stem, picture_of

PARTS = "train", "test"
MASK = re.compile(r"mask(\d+)")


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
        return any(
            MASK.fullmatch(file.stem) and file.suffix.lower() in MASKS
            for folder in folders
            for file in folder.glob("mask*")
        )

    def find_items(self) -> list[Item]:
        """Return the pairs by number."""
        self.classes = {1: "catheter", 2: "guidewire"}
        items = []
        for part in PARTS:
            images = self.root / part / "images"
            pictures = by_stem(images, PICTURES)
            for place, file in by_stem(self.root / part / "labels", MASKS).items():
                if number := MASK.fullmatch(place):
                    found = picture_of(file, f"image{number[1]}", pictures, images)
                    items.append(Item(found, part, number[1], part, file))
        return items
