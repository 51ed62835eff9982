"""CVAT's XML, for images 1.1 and for video 1.1.

Source: https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/. It counts from the corner
of the first pixel. The attributes ``width``, ``id``, ``tip_in_view`` and ``origin`` are this
project's.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import numpy as np

from fluorosynth.errors import BadDataError, FluorosynthError
from fluorosynth.formats.area import Area, Polygon, Runs
from fluorosynth.formats.mark import (
    Annotations,
    Floats,
    Mark,
    Picture,
    from_corner,
    numbered,
    polygon,
)
from fluorosynth.io.guard import quoted
from fluorosynth.io.text import read_text

SHAPES = "polyline", "polygon", "box", "ellipse", "mask", "points", "cuboid", "skeleton"
ORIGINS = "drawn", "tracked", "suggested"
ROUND = np.linspace(0, 2 * np.pi, 64, endpoint=False)  # corners of an ellipse


def read_cvat(path: Path) -> Annotations:
    """Read an export for images or for video.

    Of tracks, key frames are taken as drawn, what CVAT put between them as suggested; their frames
    have no names. Marks with a higher ``z_order`` come later.

    Parameters
    ----------
    path
        File of XML.

    Raises
    ------
    BadDataError
        Naming the file and what is wrong with it.
    """
    root = _root(path)
    try:
        return _annotations(root, path)
    except FluorosynthError:
        raise
    except (TypeError, ValueError) as error:
        raise BadDataError(f"{quoted(path)} is not of CVAT's form: {error}") from None


def _root(path: Path) -> Any:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring  # no entity bombs

    try:
        root = fromstring(read_text(path))
    except ParseError as error:
        raise BadDataError(f"{quoted(path)} is not valid XML: {error}") from None
    except DefusedXmlException:
        raise BadDataError(f"{quoted(path)} declares entities: refused") from None
    if root.tag != "annotations":
        raise BadDataError(f"{quoted(path)} is no CVAT export: it begins with <{root.tag}>")
    return root


def _annotations(root: Any, path: Path) -> Annotations:
    pictures = []
    for position, image in enumerate(root.findall("image")):
        size = image.get("height"), image.get("width")
        shape = (int(size[0]), int(size[1])) if size[0] and size[1] else None
        elements = sorted((e for e in image if e.tag in SHAPES), key=_height)
        marks = tuple(_mark(e, e.get("label", ""), "", "drawn", path) for e in elements)
        number, part = int(image.get("id", position)), image.get("subset", "")
        pictures.append(Picture(image.get("name", ""), number, shape, marks, part))
    pictures += _frames(root, path)
    about = root.find(".//original_size")
    size = (0, 0) if about is None else (_int(about, "height"), _int(about, "width"))
    count = root.findtext(".//task/size") or root.findtext(".//job/size") or 0
    names = {(e.text or "").strip() for e in root.iterfind(".//labels/label/name")} - {""}
    names |= {mark.label for picture in pictures for mark in picture.marks}
    return Annotations(
        tuple(pictures),
        numbered(names),
        Path(root.findtext(".//source") or "").name,
        int(count),
        size if all(size) else None,
    )


def _frames(root: Any, path: Path) -> list[Picture]:
    """Return the frames of tracks that show something."""
    frames: dict[int, list[tuple[int, Mark]]] = defaultdict(list)
    for track in root.findall("track"):
        label = track.get("label", "")
        name = f"{label}_{track.get('id', '0')}"
        for element in track:
            if element.tag in SHAPES and element.get("outside") != "1":
                origin = "drawn" if element.get("keyframe") == "1" else "suggested"
                mark = _mark(element, label, name, origin, path)
                frames[int(element.get("frame", "-1"))].append((_height(element), mark))
    return [
        Picture("", number, None, tuple(mark for _, mark in sorted(found, key=lambda f: f[0])))
        for number, found in sorted(frames.items())
    ]


def _mark(element: Any, label: str, name: str, origin: str, path: Path) -> Mark:
    told = {a.get("name"): (a.text or "").strip() for a in element.findall("attribute")}
    maker = told.get("origin") or origin
    return Mark(
        label,
        _points(element, path) if element.tag == "polyline" else None,
        _areas(element, path),
        tuple(float(w) for w in told.get("width", "").split()) or None,
        told.get("id") or name,
        told.get("tip_in_view", "true").lower() != "false",
        maker if maker in ORIGINS else "drawn",  # type: ignore[arg-type]
    )


def _areas(element: Any, path: Path) -> tuple[Area, ...]:
    if element.tag == "polygon":
        return (polygon(_points(element, path), path),)
    if element.tag == "mask":
        left, top, width, height = (int(element.get(k)) for k in ("left", "top", "width", "height"))
        runs = [int(run) for run in element.get("rle", "").split(",")]
        return (Runs(runs, (left, top, width, height)),)
    if element.tag == "box":
        x1, y1, x2, y2 = _numbers(element, "xtl", "ytl", "xbr", "ybr")
        corners = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])
        return (_turned(corners, element, path),)
    if element.tag == "ellipse":
        x, y, rx, ry = _numbers(element, "cx", "cy", "rx", "ry")
        rim = np.column_stack([x + rx * np.cos(ROUND), y + ry * np.sin(ROUND)])
        return (_turned(rim, element, path),)
    return ()


def _points(element: Any, path: Path) -> Floats:
    pairs = [pair.split(",") for pair in element.get("points", "").split(";") if pair]
    return from_corner([[float(number) for number in pair] for pair in pairs], path)


def _turned(corners: Floats, element: Any, path: Path) -> Polygon:
    """Return a polygon turned about its middle, clockwise as seen, by its ``rotation``."""
    angle = np.deg2rad(float(element.get("rotation", "0")))
    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    middle = (corners.min(axis=0) + corners.max(axis=0)) / 2
    return polygon(from_corner((corners - middle) @ matrix + middle, path), path)


def _numbers(element: Any, *names: str) -> list[float]:
    return [float(element.get(name)) for name in names]


def _height(element: Any) -> int:
    return int(element.get("z_order", "0"))


def _int(element: Any, name: str) -> int:
    return int(element.findtext(name) or 0)
