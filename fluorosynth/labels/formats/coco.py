"""COCO: an annotation per instrument, with its run-length mask, its centreline and its width.

Source: https://cocodataset.org/#format-data. Read are, in this order, a ``centreline``, keypoints
in their order, polygons and run-length masks, which are traced.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from fluorosynth.errors import extra
from fluorosynth.formats.coco import read_coco
from fluorosynth.formats.mark import CORNER
from fluorosynth.geometry.raster import rasterise
from fluorosynth.io.atomic import replacing
from fluorosynth.labels.formats.build import Conversion, file_name, labels_of, widths
from fluorosynth.labels.model import Labels


def read(path: Path, conversion: Conversion) -> Labels:
    """Read a file; a picture without an annotation is empty.

    Parameters
    ----------
    path
        File or folder.
    conversion
        Meaning of its classes, and what it does not say.
    """
    return labels_of(read_coco(path), path, conversion)


def write(labels: Labels, out: Path) -> None:
    """Write a file with everything: masks, keypoints, centrelines, widths.

    Parameters
    ----------
    labels
        Labels to write.
    out
        File or folder to write.
    """
    names = sorted({i.label for frame in labels.frames for i in frame.instruments} or {"catheter"})
    shape = labels.source.shape
    images, annotations = [], list[dict[str, Any]]()
    for frame in labels.frames:
        about = {"id": frame.index, "file_name": file_name(labels, frame.index)}
        images.append(about | {"height": shape[0], "width": shape[1]})
        for i in frame.instruments:
            keypoints = np.full((len(i.points), 3), 2.0)
            keypoints[:, :2] = i.points + CORNER
            annotation = {
                "category_id": names.index(i.label) + 1,
                "keypoints": keypoints.round(3).ravel().tolist(),
                "num_keypoints": len(keypoints),
                "centreline": i.points.astype(float).round(3).tolist(),
                "width": widths(i),
                "instrument": i.id,
                "tip_in_view": i.tip_in_view,
                "origin": i.origin,
                "iscrowd": 0,
            }
            mask = rasterise([i.device], shape)
            annotations.append({"image_id": frame.index, **annotation, **_region(mask)})
        unknown = np.zeros(shape, np.uint8)
        for region in frame.ignore:
            unknown |= region.mask(shape).astype(np.uint8)
        if unknown.any():
            crowd = {"image_id": frame.index, "category_id": 1, "iscrowd": 1}
            annotations.append(crowd | _region(unknown))
    content = {
        "images": images,
        "annotations": [{"id": n + 1, **a} for n, a in enumerate(annotations)],
        "categories": [{"id": n + 1, "name": name} for n, name in enumerate(names)],
    }
    with replacing(out) as part:
        part.write_text(json.dumps(content) + "\n", "utf-8")


def _region(mask: Any) -> dict[str, Any]:
    coco = _coco()
    rle = coco.encode(np.asfortranarray(mask))
    return {
        "segmentation": {"size": rle["size"], "counts": rle["counts"].decode("ascii")},
        "area": int(mask.sum()),
        "bbox": [float(v) for v in coco.toBbox(rle)],
    }


def _coco() -> Any:
    with extra("coco", "COCO's compressed masks need pycocotools"):
        from pycocotools import mask
    return mask
