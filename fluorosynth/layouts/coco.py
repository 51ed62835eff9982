"""COCO instances: polygons or run lengths."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from fluorosynth.errors import BadDataError
from fluorosynth.formats.coco import read_coco
from fluorosynth.io.guard import quoted
from fluorosynth.layouts.base import Item
from fluorosynth.layouts.listed import inside
from fluorosynth.layouts.marked import Key, MarkedSet, first_base, sequence_of

ROBOFLOW = "_annotations.coco.json"  # beside the pictures of each part


class CocoSet(MarkedSet):
    """``annotations.json`` or ``annotations/instances_*.json``, and pictures.

    Of several files the names are parts (``instances_val2017`` is ``val``), and pictures lie in
    ``images``, in a folder of the part's name (``val2017``) or beside. Also
    ``{train,valid,test}/_annotations.coco.json`` beside the pictures of each part. ``iscrowd``
    instances are ignored, as by COCO's own evaluation. Where instances of two classes meet, the
    later one counts.
    """

    kind = "coco"
    about = "instances as polygons or run lengths"
    protocol = "val"

    @classmethod
    def matches(cls, root: Path) -> bool:
        """Tell by its files of annotations."""
        beside = (root / "annotations.json").is_file() and (root / "images").is_dir()
        return beside or any(path.parent != root for path in _files(root))

    def find_items(self) -> list[Item]:
        """Return the pictures of all files, annotated or not."""
        items: list[Item] = []
        classes: dict[int, str] = {}
        for path in _files(self.root) or sorted(self.root.glob("*.json")):
            found = read_coco(path)
            for number, name in found.classes.items():
                if classes.setdefault(number, name) != name:
                    raise BadDataError(
                        f"{quoted(path)}: category {number} is {name!r} here and "
                        f"{classes[number]!r} in another file"
                    )
            part, bases = _part(path, self.root), _bases(path, self.root)
            for picture in found.pictures:
                base = first_base(bases, picture.name)
                file = inside(base, picture.name, path)
                sequence = sequence_of(picture.name, part or "all")
                items.append(Item(file, sequence, file.stem, part, Key(path, picture)))
        self._number(classes)
        return items


def _files(root: Path) -> list[Path]:
    """Return the files of instances; others (captions, keypoints) may lie beside them."""
    listed = sorted(root.glob("annotations/*.json"))
    instances = [path for path in listed if path.stem.startswith("instances")]
    whole = sorted(root.glob("annotations.json"))
    return [*whole, *(instances or listed), *sorted(root.glob(f"*/{ROBOFLOW}"))]


def _part(path: Path, root: Path) -> str:
    if path.name == ROBOFLOW:
        return {"valid": "val"}.get(path.parent.name, path.parent.name)
    return "" if path.parent == root else path.stem.split("_")[-1].rstrip("0123456789")


def _bases(path: Path, root: Path) -> list[Path]:
    """Return the folders where the pictures of a file may lie."""
    if path.name == ROBOFLOW:
        return [path.parent]
    tail = PurePosixPath(path.stem.split("_")[-1])
    names = "images", f"images/{tail}", f"{tail}", f"images/{_part(path, root)}"
    return [root / name for name in (*names, _part(path, root))]
