"""CVAT for images or for video 1.1: outlines and curves in an XML file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from fluorosynth.errors import BadDataError
from fluorosynth.formats.cvat import read_cvat
from fluorosynth.formats.mark import Picture
from fluorosynth.io.guard import quoted
from fluorosynth.io.walk import files_below
from fluorosynth.layouts.base import Item
from fluorosynth.layouts.listed import PICTURES, inside
from fluorosynth.layouts.marked import Key, MarkedSet, first_base, sequence_of

FILES = "annotations.xml", "cvat.xml"
GUIDE3D = "b_spline.json", "raw.json"


class Cvat(MarkedSet):
    """``annotations.xml`` or ``cvat.xml``, and its pictures, in ``images`` or beside it.

    An export for images names them, ``images/SUBSET`` or not; of one for video frame N is the
    picture in ``images`` whose name ends in that number (``frame_000012.PNG``), as CVAT writes
    them. Labels are classes by name, numbered from 1 on in the order of their names.
    """

    kind = "cvat"
    about = "CVAT for images or for video 1.1"

    @classmethod
    def matches(cls, root: Path) -> bool:
        """Tell by its file; the one of Guide3D comes with others."""
        if any((root / name).is_file() for name in GUIDE3D):
            return False
        return any((root / name).is_file() for name in FILES)

    def find_items(self) -> list[Item]:
        """Return all pictures that the file names, or all frames of its video."""
        path = next((self.root / name for name in FILES if (self.root / name).is_file()), None)
        if path is None:
            raise BadDataError(f"{quoted(self.root)} holds none of {', '.join(FILES)}")
        found = read_cvat(path)
        self._number(found.classes)
        named = [picture for picture in found.pictures if picture.name]
        if named and len(named) < len(found.pictures):
            raise BadDataError(f"{quoted(path)} holds images and tracks: export them one by one")
        if not named:
            return self._frames(path, {picture.number: picture for picture in found.pictures})
        items = []
        for picture in named:
            bases = self.root, self.root / "images", self.root / "images" / picture.part
            file = inside(first_base(bases, picture.name), picture.name, path)
            sequence = sequence_of(picture.name)
            items.append(Item(file, sequence, file.stem, picture.part, Key(path, picture)))
        return items

    def _frames(self, path: Path, shown: Mapping[int, Picture]) -> list[Item]:
        """Return the frames of a video that are there as pictures."""
        files: dict[int, Path] = {}
        for file in files_below(self.root / "images"):
            numbers = re.findall(r"\d+", file.stem)
            if file.suffix.lower() in PICTURES and numbers:
                files[int(numbers[-1])] = file
        if lost := sorted(shown.keys() - files.keys()):
            raise BadDataError(
                f"{quoted(path)} labels frame {lost[0]}, of which there is no picture in "
                f"{quoted(self.root / 'images')}"
            )
        return [
            Item(file, "all", file.stem, "", Key(path, shown.get(n, Picture("", n, None, ()))))
            for n, file in sorted(files.items())
        ]
