"""COCO instances: polygons or run lengths."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from fluorosynth.errors import BadDataError, MissingExtraError
from fluorosynth.io.guard import quoted
from fluorosynth.layouts.base import Item, Layout, Values
from fluorosynth.layouts.drawing import fill
from fluorosynth.layouts.listed import inside, of_form, read_json

IGNORED = 255


class CocoSet(Layout):
    """``annotations.json`` or ``annotations/*.json`` beside ``images``.

    Of several files the names are parts (``instances_val2017`` is ``val``). ``iscrowd`` instances
    are ignored, as by COCO's own evaluation. Where instances of two classes meet, the later one
    counts.
    """

    kind = "coco"
    about = "instances as polygons or run lengths"
    protocol = "val"
    instrument = ("instrument", "catheter", "guidewire", "wire")

    @classmethod
    def matches(cls, root: Path) -> bool:
        """Tell by its files of annotations beside a folder of images."""
        return bool(_files(root)) and (root / "images").is_dir()

    def find_items(self) -> list[Item]:
        """Return the pictures of all files, annotated or not."""
        items: list[Item] = []
        self._instances: dict[int, list[dict[str, Any]]] = {}
        classes: dict[int, str] = {IGNORED: "ignore"}
        for path in _files(self.root):
            with of_form(path):
                items += self._file(path, classes)
        self.classes = classes
        return items

    def _file(self, path: Path, classes: dict[int, str]) -> list[Item]:
        plain = read_json(path)
        for category in plain["categories"]:
            number, name = int(category["id"]), str(category["name"])
            if not 0 < number < IGNORED or classes.setdefault(number, name) != name:
                raise BadDataError(f"{quoted(path)}: category {number} ({name!r}) cannot be kept")
        part = "" if path.parent == self.root else path.stem.split("_")[-1].rstrip("0123456789")
        items, own = [], {}
        for image in plain["images"]:
            key = len(self._instances)
            own[image["id"]] = self._instances.setdefault(key, [])
            file = inside(self.root / "images", image["file_name"], path)
            folder = Path(image["file_name"]).parent.as_posix()
            sequence = part or "all" if folder == "." else folder
            items.append(Item(file, sequence, file.stem, part, (path, key)))
        for annotation in plain["annotations"]:
            own[annotation["image_id"]].append(annotation)
        return items

    def truth_of(self, item: Item) -> Path:
        """Return the file of annotations."""
        return Path(item.key[0])

    def values(self, item: Item, shape: tuple[int, int]) -> Values:
        """Draw the instances."""
        path, key = item.key
        values = np.zeros(shape, np.uint8)
        with of_form(path):
            for instance in self._instances[key]:
                value = IGNORED if instance.get("iscrowd") else int(instance["category_id"])
                if isinstance(instance["segmentation"], dict):
                    values[_decoded(instance["segmentation"], shape, path) > 0] = value
                else:
                    for polygon in instance["segmentation"]:
                        fill(values, polygon, value)
        return values


def _files(root: Path) -> list[Path]:
    return sorted([*root.glob("annotations.json"), *root.glob("annotations/*.json")])


def _decoded(rle: dict[str, Any], shape: tuple[int, int], path: Path) -> Values:
    try:
        from pycocotools import mask as coco
    except ImportError:
        raise MissingExtraError(
            "COCO run lengths need pycocotools: pip install 'fluorosynth[coco]'"
        ) from None
    if tuple(rle["size"]) != shape:
        raise BadDataError(f"{quoted(path)} has a mask of {rle['size']} for a picture of {shape}")
    if isinstance(rle["counts"], list):
        rle = coco.frPyObjects(rle, *shape)
    with warnings.catch_warnings():  # pycocotools' own, about NumPy 2
        warnings.simplefilter("ignore", DeprecationWarning)
        return np.asarray(coco.decode(rle))
