"""LabelMe: a JSON file of shapes beside each picture."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from fluorosynth.errors import BadDataError
from fluorosynth.formats.labelme import is_labelme, read_labelme
from fluorosynth.formats.mark import numbered
from fluorosynth.io.text import read_json
from fluorosynth.io.walk import files_below
from fluorosynth.layouts.base import Item
from fluorosynth.layouts.listed import inside
from fluorosynth.layouts.marked import Key, MarkedSet

LOOKED_AT = 8  # files, to tell by


class LabelMe(MarkedSet):
    """``NAME.json`` with ``shapes`` and an ``imagePath`` of the set; subfolders are runs.

    Labels are classes by name, numbered from 1 on in the order of their names. Pictures that are
    inside the JSON files (``imageData``) are not read.
    """

    kind = "labelme"
    about = "LabelMe's JSON beside each picture"

    @classmethod
    def matches(cls, root: Path) -> bool:
        """Tell by a JSON file with shapes."""
        return any(map(_is_one, islice(_files(root), LOOKED_AT)))

    def find_items(self) -> list[Item]:
        """Return all annotated pictures."""
        items, names = [], set[str]()
        for path in _files(self.root):
            if not is_labelme(read_json(path)):
                continue
            picture = read_labelme(path)
            names |= {mark.label for mark in picture.marks}
            image = inside(path.parent, picture.name, path, self.root)
            folder = path.parent.relative_to(self.root).as_posix()
            sequence = "all" if folder == "." else folder
            items.append(Item(image, sequence, image.stem, "", Key(path, picture)))
        self._number(numbered(names))
        return items


def _files(root: Path) -> Iterator[Path]:
    return (path for path in files_below(root) if path.suffix.lower() == ".json")


def _is_one(path: Path) -> bool:
    try:
        return is_labelme(read_json(path))
    except BadDataError:
        return False
