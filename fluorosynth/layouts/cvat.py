"""CVAT for images 1.1: outlines and curves in an XML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError, XMLParser

import numpy as np

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import quoted
from fluorosynth.layouts.base import Item, Layout, Values
from fluorosynth.layouts.drawing import LINE_WIDTH, draw_line, fill
from fluorosynth.layouts.listed import inside, of_form, read_text

FILES = "annotations.xml", "cvat.xml"
GUIDE3D = "b_spline.json", "raw.json"
PLACES = "", "images"  # where the pictures lie, below the set's folder


class Cvat(Layout):
    """``annotations.xml`` or ``cvat.xml``, and pictures that it names, in ``images`` or beside it.

    Polylines are drawn 3 px wide at 1024 px, polygons filled, masks taken as they are. Labels are
    classes by name. Pictures without a shape show no instrument.
    """

    kind = "cvat"
    about = "CVAT for images 1.1"
    instrument = ("instrument", "catheter", "guidewire", "wire")

    @classmethod
    def matches(cls, root: Path) -> bool:
        """Tell by its file; the one of Guide3D comes with others."""
        if any((root / name).is_file() for name in GUIDE3D):
            return False
        return any((root / name).is_file() for name in FILES)

    def find_items(self) -> list[Item]:
        """Return all pictures that the file names."""
        path = next((self.root / name for name in FILES if (self.root / name).is_file()), None)
        if path is None:
            raise BadDataError(f"{quoted(self.root)} holds none of {', '.join(FILES)}")
        self._path = path
        images = _parsed(path).findall("image")
        labels = sorted({shape.get("label", "") for image in images for shape in image})
        self.classes = dict(enumerate(labels, 1))
        self._numbers = {name: value for value, name in self.classes.items()}
        base = next((b for b in PLACES if images and self._there(b, images[0])), "")
        items = []
        for image in images:
            file = inside(self.root / base, image.get("name", ""), path)
            sequence = Path(image.get("name", "")).parent.as_posix()
            part = image.get("subset", "")
            items.append(Item(file, "all" if sequence == "." else sequence, file.stem, part, image))
        return items

    def _there(self, base: str, image: Element) -> bool:
        return (self.root / base / image.get("name", "")).is_file()

    def truth_of(self, item: Item) -> Path:  # noqa: ARG002
        """Return the file of annotations."""
        return self._path

    def values(self, item: Item, shape: tuple[int, int]) -> Values:
        """Draw the shapes, those with a higher ``z_order`` later."""
        values = np.zeros(shape, np.uint8)
        with of_form(self._path):
            for element in sorted(item.key, key=lambda e: int(e.get("z_order", "0"))):
                value = self._numbers[element.get("label", "")]
                if element.tag == "polyline":
                    draw_line(values, _points(element), value, LINE_WIDTH * max(shape) / 1024)
                elif element.tag == "polygon":
                    fill(values, _points(element), value)
                elif element.tag == "mask":
                    _paste(values, element, value)
        return values


def _points(element: Element) -> list[list[float]]:
    pairs = element.get("points", "").split(";")
    return [[float(number) for number in pair.split(",")] for pair in pairs]


def _paste(values: Values, element: Element, value: int) -> None:
    """Put a mask of run lengths, background first, where its box says."""
    left, top, width, height = (
        int(element.get(k, "0")) for k in ("left", "top", "width", "height")
    )
    runs = [int(run) for run in element.get("rle", "").split(",")]
    whole = values.shape[0] >= top + height > top >= 0 and values.shape[1] >= left + width > left
    if not (whole and left >= 0 and min(runs) >= 0 and sum(runs) == width * height):
        raise ValueError("a mask that does not fit its box or its picture")
    flags = np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(height, width)
    values[top : top + height, left : left + width][flags] = value


def _parsed(path: Path) -> Element:
    """Return the root of an XML file; entities, which could grow without end, are refused."""
    text = read_text(path)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise BadDataError(f"{quoted(path)} declares entities or a document type: refused")
    parser: Any = XMLParser()  # noqa: S314 - without a document type there are no entities
    try:
        parser.feed(text)
        root: Element = parser.close()
    except ParseError as error:
        raise BadDataError(f"{quoted(path)} is not valid XML: {error}") from None
    return root
