"""LabelMe: a JSON file of shapes beside each picture."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from fluorosynth.errors import BadDataError
from fluorosynth.io.names import natural_key
from fluorosynth.layouts.base import Item, Layout, Values
from fluorosynth.layouts.drawing import LINE_WIDTH, draw_line, fill
from fluorosynth.layouts.listed import inside, of_form, read_json

LOOKED_AT = 8  # files, to tell by


class LabelMe(Layout):
    """``NAME.json`` with ``shapes`` and an ``imagePath`` in the same folder; subfolders are runs.

    Lines and line strips are drawn 3 px wide at 1024 px, polygons filled. Labels are classes by
    name. Pictures that are inside the JSON files (``imageData``) are not read.
    """

    kind = "labelme"
    about = "LabelMe's JSON beside each picture"
    instrument = ("instrument", "catheter", "guidewire", "wire")

    @classmethod
    def matches(cls, root: Path) -> bool:
        """Tell by a JSON file with shapes."""
        for path in islice(sorted(root.rglob("*.json")), LOOKED_AT):
            try:
                plain = read_json(path)
            except BadDataError:
                continue
            if isinstance(plain, dict) and {"shapes", "imagePath"} <= plain.keys():
                return True
        return False

    def find_items(self) -> list[Item]:
        """Return all annotated pictures."""
        items, names = [], set[str]()
        for path in sorted(self.root.rglob("*.json"), key=natural_key):
            plain = read_json(path)
            if not (isinstance(plain, dict) and {"shapes", "imagePath"} <= plain.keys()):
                continue
            with of_form(path):
                names |= {str(shape["label"]) for shape in plain["shapes"]}
                image = inside(path.parent, str(plain["imagePath"]), path)
            folder = path.parent.relative_to(self.root).as_posix()
            sequence = "all" if folder == "." else folder
            items.append(Item(image, sequence, image.stem, "", (path, plain["shapes"])))
        self.classes = dict(enumerate(sorted(names), 1))
        self._numbers = {name: value for value, name in self.classes.items()}
        return items

    def truth_of(self, item: Item) -> Path:
        """Return the JSON file."""
        return Path(item.key[0])

    def values(self, item: Item, shape: tuple[int, int]) -> Values:
        """Draw the shapes in their order."""
        path, shapes = item.key
        values = np.zeros(shape, np.uint8)
        for drawn in shapes:
            with of_form(path):
                self._draw(values, drawn)
        return values

    def _draw(self, values: Values, shape: dict[str, Any]) -> None:
        value, form = self._numbers[str(shape["label"])], shape.get("shape_type", "polygon")
        if form in ("line", "linestrip"):
            draw_line(values, shape["points"], value, LINE_WIDTH * max(values.shape) / 1024)
        elif form == "polygon":
            fill(values, shape["points"], value)
        else:
            raise BadDataError(f"a shape of the type {form!r} is no outline and no line")
