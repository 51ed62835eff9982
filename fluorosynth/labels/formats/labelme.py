"""LabelMe: a JSON file per frame; curves are line strips.

Source: https://github.com/wkentaro/labelme, version 5. Keys that it does not know (``width``,
``id``) are kept by it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from fluorosynth.formats.labelme import read_labelme
from fluorosynth.formats.mark import CORNER, IGNORE, Annotations
from fluorosynth.io.atomic import replacing
from fluorosynth.io.names import natural_key
from fluorosynth.io.place import local
from fluorosynth.labels.formats.build import Conversion, file_name, labels_of, widths
from fluorosynth.labels.model import Labels


def read(path: Path, conversion: Conversion) -> Labels:
    """Read a file, or all of a folder; a frame without shapes is empty.

    Parameters
    ----------
    path
        File or folder.
    conversion
        Meaning of its classes, and what it does not say.
    """
    files = [path] if path.is_file() else sorted(path.rglob("*.json"), key=natural_key)
    pictures = tuple(read_labelme(file, place) for place, file in enumerate(files))
    return labels_of(Annotations(pictures), path, conversion)


def write(labels: Labels, out: Path) -> None:
    """Write a file per labelled frame, named as its picture.

    Parameters
    ----------
    labels
        Labels to write.
    out
        File or folder to write.
    """
    local(out).mkdir(parents=True, exist_ok=True)
    for frame in labels.frames:
        name = file_name(labels, frame.index)
        shapes: list[dict[str, Any]] = []
        for i in frame.instruments:
            more = {
                "id": i.id,
                "width": widths(i),
                "tip_in_view": i.tip_in_view,
                "origin": i.origin,
            }
            shapes.append(_plain(i.label, i.points, "linestrip") | more)
        for region in frame.ignore:
            kind = "polygon" if region.width is None else "linestrip"
            more = {} if region.width is None else {"width": region.width}
            shapes.append(_plain(IGNORE, region.points, kind) | more)
        whole: dict[str, Any] = {
            "version": "5.5.0",
            "flags": {},
            "shapes": shapes,
            "imagePath": name,
            "imageData": None,
            "imageHeight": labels.source.height,
            "imageWidth": labels.source.width,
        }
        with replacing(out / (Path(name).stem + ".json"), sync=False) as part:
            part.write_text(json.dumps(whole, indent=2) + "\n", "utf-8")


def _plain(label: str, points: Any, kind: str) -> dict[str, Any]:
    moved = (points.astype(np.float64) + CORNER).round(3).tolist()
    return {
        "label": label,
        "points": moved,
        "group_id": None,
        "description": "",
        "shape_type": kind,
        "flags": {},
        "mask": None,
    }
