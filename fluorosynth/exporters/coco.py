"""COCO instances with run-length masks."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from fluorosynth.errors import extra
from fluorosynth.exporters.base import Exporter, stem
from fluorosynth.exporters.instrument_ids import instrument_ids
from fluorosynth.geometry.raster import rasterise
from fluorosynth.io.contact_sheet import png_bytes
from fluorosynth.sample import IGNORE, INSTRUMENT, Device, Sample

USUAL = ("catheter", "guidewire")  # categories 1 and 2 of every set


@dataclass(frozen=True)
class Coco(Exporter):
    """``images/000000.png`` and ``annotations.json``: one instance per instrument.

    Masks are compressed RLE made by pycocotools; together they cover what the set's mask labels.
    Boxes are ``[x, y, width, height]`` in pixels; ``centreline`` and ``width`` stand beside them.
    Regions without truth become ``iscrowd`` instances, one of each category, which COCO's
    evaluation ignores. A catheter is category 1 and a guidewire 2, whatever the set holds; other
    labels follow by name. Each frame of a sequence is an image, ``000000_000.png``, whose id is its
    place in the list.
    """

    sequences: ClassVar[bool] = True

    def write(self, samples: Iterable[tuple[int, Sample]], out: Path) -> None:
        """Write pictures and annotations."""
        (out / "images").mkdir()
        images: list[dict[str, Any]] = []
        drawn: list[dict[str, Any]] = []
        unknown: list[dict[str, Any]] = []
        for index, sample in samples:
            if sample.mask is None:
                raise ValueError(f"sample {index} has no mask")
            name = f"{stem(index, sample)}.png"
            number = len(images) if "frame" in sample.meta else index
            (out / "images" / name).write_bytes(png_bytes(sample.image))
            height, width = sample.image.shape
            images.append({"id": number, "file_name": name, "height": height, "width": width})
            ids = instrument_ids(sample)
            for k, device in enumerate(sample.devices, 1):
                whole = rasterise([device], (height, width)) & (sample.mask == INSTRUMENT)
                region = whole | (ids == k).astype(np.uint8)
                if region.any():
                    drawn.append({"category_id": device.label, **_instance(region, number, device)})
            if (region := (sample.mask == IGNORE).astype(np.uint8)).any():
                unknown.append(_instance(region, number, None))
        categories = category_ids({one["category_id"] for one in drawn})
        crowds = [{"category_id": name, **one} for one in unknown for name in categories]
        annotations = [
            {**one, "id": number, "category_id": categories[one["category_id"]]}
            for number, one in enumerate([*drawn, *crowds], 1)
        ]
        content = {
            "images": images,
            "annotations": annotations,
            "categories": [{"id": i, "name": name} for name, i in categories.items()],
        }
        (out / "annotations.json").write_text(json.dumps(content) + "\n", "utf-8")


def category_ids(labels: Collection[str]) -> dict[str, int]:
    """Return the ids of classes by name: fixed for the usual ones, by name for others.

    Parameters
    ----------
    labels
        Names of classes.

    Examples
    --------
    >>> category_ids({"sheath", "guidewire"})
    {'catheter': 1, 'guidewire': 2, 'sheath': 3}
    """
    names = [*USUAL, *sorted(set(labels) - set(USUAL))]
    return {name: number for number, name in enumerate(names, 1)}


def _instance(
    region: np.ndarray[Any, np.dtype[np.uint8]], image: int, device: Device | None
) -> dict[str, Any]:
    """Return what an annotation says of a region, apart from its number and class."""
    with extra("coco", "the COCO exporter needs pycocotools"):
        from pycocotools import mask as coco
    rle = coco.encode(np.asfortranarray(region))
    annotation = {
        "image_id": image,
        "segmentation": {"size": rle["size"], "counts": rle["counts"].decode("ascii")},
        "area": int(region.sum()),
        "bbox": [float(v) for v in coco.toBbox(rle)],
        "iscrowd": int(device is None),
    }
    if device is not None:
        annotation["centreline"] = device.centreline.round(2).tolist()
        annotation["width"] = device.width.round(2).tolist()
    return annotation
