"""COCO instances with run-length masks."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from fluorosynth.errors import MissingExtraError
from fluorosynth.exporters.base import Exporter, stem
from fluorosynth.exporters.instrument_ids import instrument_ids
from fluorosynth.geometry.raster import rasterise
from fluorosynth.io.contact_sheet import png_bytes
from fluorosynth.sample import IGNORE, INSTRUMENT, Device, Sample


@dataclass(frozen=True)
class Coco(Exporter):
    """``images/000000.png`` and ``annotations.json``: one instance per instrument.

    Masks are compressed RLE made by pycocotools; together they cover what the set's mask labels.
    Boxes are ``[x, y, width, height]`` in pixels. Regions without truth become ``iscrowd``
    instances, which COCO's evaluation ignores. Each frame of a run is an image,
    ``000000_000.png``, whose id is its place in the list.
    """

    runs: ClassVar[bool] = True

    def write(self, samples: Iterable[tuple[int, Sample]], out: Path) -> None:
        """Write pictures and annotations."""
        (out / "images").mkdir()
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        categories: dict[str, int] = {}
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
                category = categories.setdefault(device.label, len(categories) + 1)
                whole = rasterise([device], (height, width)) & (sample.mask == INSTRUMENT)
                region = whole | (ids == k).astype(np.uint8)
                annotations += _instance(region, number, category, device, len(annotations))
            unknown = (sample.mask == IGNORE).astype(np.uint8)
            if unknown.any() and not categories:
                categories["catheter"] = 1
            annotations += _instance(unknown, number, 1, None, len(annotations))
        content = {
            "images": images,
            "annotations": annotations,
            "categories": [{"id": i, "name": name} for name, i in categories.items()],
        }
        (out / "annotations.json").write_text(json.dumps(content) + "\n", "utf-8")


def _instance(
    region: np.ndarray[Any, np.dtype[np.uint8]],
    image: int,
    category: int,
    device: Device | None,
    before: int,
) -> list[dict[str, Any]]:
    """Return the annotation of a region; none when it is empty."""
    if not region.any():
        return []
    try:
        from pycocotools import mask as coco
    except ImportError:
        raise MissingExtraError(
            "the COCO exporter needs pycocotools: pip install 'fluorosynth[coco]'"
        ) from None
    rle = coco.encode(np.asfortranarray(region))
    annotation = {
        "id": before + 1,
        "image_id": image,
        "category_id": category,
        "segmentation": {"size": rle["size"], "counts": rle["counts"].decode("ascii")},
        "area": int(region.sum()),
        "bbox": [float(v) for v in coco.toBbox(rle)],
        "iscrowd": int(device is None),
    }
    if device is not None:
        annotation["centreline"] = device.centreline.round(2).tolist()
    return [annotation]
