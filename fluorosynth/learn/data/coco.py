"""Labelled images in COCO's layout: pictures, and their instances in one JSON file."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from xxhash import xxh3_128

from fluorosynth.errors import BadDataError, MissingExtraError
from fluorosynth.io.frames import read_frames
from fluorosynth.io.guard import quoted, untrusted
from fluorosynth.io.names import natural_key, stem
from fluorosynth.learn.data.base import LabelledDataset
from fluorosynth.sample import BACKGROUND, IGNORE, INSTRUMENT, Image, Mask

_KEYS = {"images", "annotations", "categories"}
MAX_BYTES = 2**30


class CocoFolder(LabelledDataset):
    """The images of a COCO file: all instances are instrument, ``iscrowd`` regions are ignored.

    Each subfolder of the file names is a sequence. Polygons and run lengths are decoded by
    pycocotools.

    Parameters
    ----------
    path
        A JSON file, or a folder that holds ``annotations.json``; the pictures lie beside it or in
        ``images``.

    Raises
    ------
    BadDataError
        When the file is broken, is no COCO file, or a picture is missing.
    MissingExtraError
        Without pycocotools.
    """

    def __init__(self, path: str | Path) -> None:
        path = Path(path)
        self._file = path / "annotations.json" if path.is_dir() else path
        content = _content(self._file)
        self._drawn: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        with untrusted(self._file):
            for one in content["annotations"]:
                self._drawn[one["image_id"]].append(one)
            images = [dict(image, place=self._place(image)) for image in content["images"]]
        self._images = sorted(images, key=lambda image: natural_key(image["file_name"]))
        if not self._images:
            raise BadDataError(f"{quoted(self._file)} holds no image")
        self.fingerprint = xxh3_128(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> tuple[Image, Mask]:
        self._check(index)
        about = self._images[index]
        image = next(iter(read_frames(about["place"], [0]))).image
        mask = np.full(image.shape, BACKGROUND, np.uint8)
        with untrusted(self._file):
            regions = [
                (_region(one["segmentation"], image.shape), bool(one.get("iscrowd")))
                for one in self._drawn[about["id"]]
            ]
        for value in (IGNORE, INSTRUMENT):
            for region, unknown in regions:
                if unknown == (value == IGNORE):
                    mask[region] = value
        return image, mask

    def sequence(self, index: int) -> str:
        """Return the folder of the picture's name, or the file's."""
        folder = Path(self._images[index]["file_name"]).parent.as_posix()
        return self._file.parent.name if folder == "." else folder

    def name(self, index: int) -> str:
        """Return the picture's name without suffix."""
        return stem(Path(self._images[index]["file_name"]).name)

    def _place(self, image: dict[str, Any]) -> Path:
        name = Path(image["file_name"])
        if name.is_absolute() or ".." in name.parts:
            raise BadDataError(f"{quoted(self._file)}: {str(name)!r} is no name below its folder")
        for folder in (self._file.parent / "images", self._file.parent):
            if (folder / name).is_file():
                return folder / name
        raise BadDataError(f"{quoted(self._file)} lists {str(name)!r}, which is not there")


def is_coco(path: Path) -> bool:
    """Tell whether a path is a COCO file, or a folder with ``annotations.json`` and no masks."""
    if path.is_dir():
        return (path / "annotations.json").is_file() and not (path / "masks").is_dir()
    return path.suffix.lower() == ".json"


def _content(file: Path) -> dict[str, Any]:
    with untrusted(file):
        if file.stat().st_size > MAX_BYTES:
            raise BadDataError(f"{quoted(file)} is over {MAX_BYTES >> 20} MB: too large")
        content = json.loads(file.read_bytes())
    if not isinstance(content, dict) or not content.keys() >= _KEYS:
        raise BadDataError(
            f"{quoted(file)} is no COCO file: it has no {', '.join(sorted(_KEYS))} at its top"
        )
    return content


def _region(segmentation: Any, shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    try:
        from pycocotools import mask as coco
    except ImportError:
        raise MissingExtraError(
            "COCO masks need pycocotools: pip install 'fluorosynth[coco]'"
        ) from None
    height, width = shape
    if isinstance(segmentation, list):
        parts = coco.frPyObjects(segmentation, height, width)
    elif list(segmentation["size"]) != [height, width]:
        raise ValueError(f"a mask is of {segmentation['size']}, its picture of {[height, width]}")
    elif isinstance(segmentation["counts"], list):
        parts = [coco.frPyObjects(segmentation, height, width)]
    else:
        parts = [segmentation]
    return np.asarray(coco.decode(coco.merge(parts)) > 0)
