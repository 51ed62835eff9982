"""CVAT's XML, for images 1.1 and for video 1.1.

Source: https://docs.cvat.ai/docs/manual/advanced/xml_format/. Curves are polylines, ignore
regions polygons; width, id and whether the tip is in view are attributes. CVAT counts from the
corner of the first pixel.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

import numpy as np

from fluorosynth.errors import BadDataError
from fluorosynth.io.atomic import replacing
from fluorosynth.io.guard import quoted
from fluorosynth.labels.formats.shape import (
    CORNER,
    IGNORE,
    Mapping,
    Shape,
    build,
    file_name,
    frame_number,
    widths,
)
from fluorosynth.labels.model import Instrument, Labels, Source
from fluorosynth.labels.region import Region

KINDS = {"polyline": "line", "polygon": "region", "mask": "mask"}


def read(path: Path, mapping: Mapping) -> Labels:
    """Read an export for images or for video.

    Of tracks, key frames are taken as drawn, what CVAT put between them as suggested.

    Parameters
    ----------
    path
        File or folder.
    mapping
        Meaning of its classes, and what it does not say.
    """
    from defusedxml.ElementTree import parse  # no entity bombs

    root = parse(path).getroot()
    if root.tag != "annotations":
        raise BadDataError(f"{quoted(path)} is no CVAT export: it begins with <{root.tag}>")
    images = root.findall("image")
    source = mapping.source or _source(path, root, images)
    shapes = [*_of_images(images, mapping.source), *_of_tracks(root)]
    return build(shapes, source, mapping, quoted(path))


def write(labels: Labels, out: Path, video: bool = False) -> None:
    """Write an export for images; see ``cvat_video`` for tracks.

    Parameters
    ----------
    labels
        Labels to write.
    out
        File to write.
    video
        Whether tracks are written; see ``cvat_video``.
    """
    root = Element("annotations")
    SubElement(root, "version").text = "1.1"
    _meta(root, labels)
    if video:
        _write_tracks(root, labels)
    else:
        _write_images(root, labels)
    indent(root)
    with replacing(out) as part:
        ElementTree(root).write(part, encoding="utf-8", xml_declaration=True)


def _of_images(images: list[Any], source: Source | None) -> Iterator[Shape]:
    for position, image in enumerate(images):
        number = frame_number(image.get("name", ""), int(image.get("id", position)), source)
        for element in image:
            if element.tag in KINDS:
                yield _shape(element, number, element.get("label", ""), "", "drawn")


def _of_tracks(root: Any) -> Iterator[Shape]:
    for track in root.findall("track"):
        name = f"{track.get('label', '')}_{track.get('id', '0')}"
        for element in track:
            if element.tag in KINDS and element.get("outside") != "1":
                origin = "drawn" if element.get("keyframe") == "1" else "suggested"
                number = int(element.get("frame", "-1"))
                yield _shape(element, number, track.get("label", ""), name, origin)


def _shape(element: Any, frame: int, label: str, name: str, origin: Any) -> Shape:
    told = {a.get("name"): (a.text or "").strip() for a in element.findall("attribute")}
    points: Any
    if element.tag == "mask":
        points = _mask(element)
    else:
        pairs = [p.split(",") for p in element.get("points", "").split(";") if p]
        points = np.array(pairs, np.float64).reshape(-1, 2) - CORNER
    width = [float(w) for w in told.get("width", "").split()] or None
    return Shape(
        frame,
        label,
        KINDS[element.tag],  # type: ignore[arg-type]
        points,
        width,
        told.get("id") or name,
        told.get("tip_in_view", "true").lower() != "false",
        told.get("origin") or origin,  # type: ignore[arg-type]
    )


def _mask(element: Any) -> Any:
    """Decode CVAT's row-wise run lengths, zeros first, within a box; the frame is unknown yet."""
    left, top, width, height = (int(element.get(k)) for k in ("left", "top", "width", "height"))
    runs = [int(r) for r in element.get("rle", "").split(",")]
    if sum(runs) != width * height or width * height > 2**26:
        raise BadDataError(f"a mask of {sum(runs)} pixels in a box of {width} x {height}")
    values = np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(height, width)
    whole = np.zeros((top + height, left + width), bool)
    whole[top:, left:] = values
    return whole


def _source(path: Path, root: Any, images: list[Any]) -> Source:
    if images:
        sizes = {(int(i.get("height")), int(i.get("width"))) for i in images}
        if len(sizes) > 1:
            raise BadDataError(f"{quoted(path)} holds pictures of several sizes: split it by size")
        places = enumerate(images)
        last = max(frame_number(i.get("name", ""), int(i.get("id", n)), None) for n, i in places)
        return Source(path.stem, last + 1, *sizes.pop())
    size = root.find(".//original_size")
    if size is None:
        raise BadDataError(f"{quoted(path)} does not give the size of the frames: name the frames")
    count = root.findtext(".//task/size") or root.findtext(".//job/size")
    frames = [int(e.get("frame")) for e in root.iter() if e.get("frame")]
    height, width = int(size.findtext("height")), int(size.findtext("width"))
    name = root.findtext(".//source") or path.stem
    return Source(Path(name).name, int(count or max(frames, default=0) + 1), height, width)


def _meta(root: Element, labels: Labels) -> None:
    task = SubElement(SubElement(root, "meta"), "task")
    source = labels.source
    for tag, text in (("name", source.name), ("size", source.frames), ("mode", "interpolation")):
        SubElement(task, tag).text = str(text)
    SubElement(task, "start_frame").text = "0"
    SubElement(task, "stop_frame").text = str(source.frames - 1)
    names = SubElement(task, "labels")
    used = {i.label for frame in labels.frames for i in frame.instruments} | {IGNORE}
    for name in sorted(used):
        label = SubElement(names, "label")
        SubElement(label, "name").text = name
        attributes = SubElement(label, "attributes")
        for attribute in ("id", "width", "tip_in_view", "origin"):
            about = SubElement(attributes, "attribute")
            SubElement(about, "name").text = attribute
            SubElement(about, "mutable").text = "True"
            SubElement(about, "input_type").text = "text"
    size = SubElement(task, "original_size")
    SubElement(size, "width").text, SubElement(size, "height").text = (
        str(source.width),
        str(source.height),
    )


def _write_images(root: Element, labels: Labels) -> None:
    for frame in labels.frames:
        about = {"id": str(frame.index), "name": file_name(labels, frame.index)}
        size = {"width": str(labels.source.width), "height": str(labels.source.height)}
        image = SubElement(root, "image", about | size)
        for instrument in frame.instruments:
            _polyline(image, instrument, {"label": instrument.label, "source": "manual"})
        for region in frame.ignore:
            _polygon(image, region, {"label": IGNORE, "source": "manual"})


def _write_tracks(root: Element, labels: Labels) -> None:
    for number, name in enumerate(labels.ids):
        track, seen = None, -1
        for frame in labels.frames:
            instrument = frame.get(name)
            if instrument is None:
                continue
            if track is None:
                track = SubElement(root, "track", {"id": str(number), "label": instrument.label})
                track.set("source", "manual")
            key = "1" if instrument.origin == "drawn" else "0"
            _polyline(
                track, instrument, {"frame": str(frame.index), "keyframe": key, "outside": "0"}
            )
            seen = frame.index
            after = labels.at(seen + 1)
            if seen + 1 < labels.source.frames and (after is None or after.get(name) is None):
                ended = {"frame": str(seen + 1), "keyframe": "1", "outside": "1"}
                _polyline(track, instrument, ended)
    for number, (frame, region) in enumerate(
        ((f, r) for f in labels.frames for r in f.ignore), len(labels.ids)
    ):
        track = SubElement(root, "track", {"id": str(number), "label": IGNORE, "source": "manual"})
        for index in range(frame.index, min(frame.index + 2, labels.source.frames)):
            outside = str(int(index > frame.index))
            _polygon(track, region, {"frame": str(index), "keyframe": "1", "outside": outside})


def _polyline(parent: Element, instrument: Instrument, about: dict[str, str]) -> None:
    element = SubElement(parent, "polyline", about | {"occluded": "0", "z_order": "0"})
    element.set("points", _text(instrument.points))
    value = widths(instrument)
    told = {
        "id": instrument.id,
        "width": " ".join(map(str, value if isinstance(value, list) else [value])),
        "tip_in_view": str(instrument.tip_in_view).lower(),
        "origin": instrument.origin,
    }
    for name, text in told.items():
        SubElement(element, "attribute", {"name": name}).text = text


def _polygon(parent: Element, region: Region, about: dict[str, str]) -> None:
    tag = "polygon" if region.width is None else "polyline"
    element = SubElement(parent, tag, about | {"occluded": "0", "z_order": "0"})
    element.set("points", _text(region.points))
    if region.width is not None:
        SubElement(element, "attribute", {"name": "width"}).text = str(region.width)


def _text(points: Any) -> str:
    return ";".join(f"{x + CORNER:.3f},{y + CORNER:.3f}" for x, y in points.tolist())
