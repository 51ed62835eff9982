"""CVAT's XML, for images 1.1 and for video 1.1.

Curves are polylines, ignore regions polygons; width, id and whether the tip is in view are
attributes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from fluorosynth.formats.cvat import read_cvat
from fluorosynth.formats.mark import CORNER, IGNORE
from fluorosynth.io.atomic import replacing
from fluorosynth.labels.formats.build import Conversion, file_name, labels_of, widths
from fluorosynth.labels.model import Instrument, Labels
from fluorosynth.labels.region import Region


def read(path: Path, conversion: Conversion) -> Labels:
    """Read an export for images or for video; a picture without a shape says nothing.

    Parameters
    ----------
    path
        File or folder.
    conversion
        Meaning of its classes, and what it does not say.
    """
    return labels_of(read_cvat(path), path, conversion, blank=False)


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
