"""MOSXAV: coronary angiograms with catheters, Xi et al. 2025."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from fluorosynth.io.class_image import Colour
from fluorosynth.layouts.base import Item, Layout
from fluorosynth.layouts.listed import MASKS, PICTURES, by_stem, picture_of

PARTS = "trainval", "test"


class Mosxav(Layout):
    """``{trainval,test}/{JPEGImages,Annotations_Semantic}/vNN/NNNNN``: JPEG frames, PNG labels.

    Frames without labels (four of five in ``trainval``) are left out. Both catheter classes are
    instruments; a balloon rides on one, and what ``others`` are is not said: both are ignored.
    """

    kind = "mosxav"
    about = "42 coronary sequences of 512 px, semantic labels"
    protocol = "test"
    instrument = ("contrast catheter", "catheter")
    ignored = ("balloon", "others")
    colours: ClassVar[Mapping[Colour, int]] = {  # README.md of the set, section 3.2
        (85, 170, 255): 1,
        (170, 255, 0): 2,
        (249, 193, 0): 3,
        (255, 0, 0): 4,
        (244, 108, 59): 5,
    }

    @classmethod
    def matches(cls, root: Path) -> bool:
        """Tell by a folder ``Annotations_Semantic``."""
        return any((root / part / "Annotations_Semantic").is_dir() for part in PARTS)

    def find_items(self) -> list[Item]:
        """Return the labelled frames."""
        self.classes = {
            1: "vessel",
            2: "contrast catheter",
            3: "catheter",
            4: "balloon",
            5: "others",
        }
        items = []
        for part in PARTS:
            images = self.root / part / "JPEGImages"
            pictures = by_stem(images, PICTURES)
            labels = by_stem(self.root / part / "Annotations_Semantic", MASKS)
            for place, file in labels.items():
                found = picture_of(file, place, pictures, images)
                items.append(Item(found, file.parent.name, file.stem, part, file))
        return items
