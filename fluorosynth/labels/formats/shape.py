"""What all layouts have in common: shapes with a class in numbered frames."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fluorosynth.devices.trace import trace
from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.labels.model import FrameLabels, Instrument, Labels, Origin, Source
from fluorosynth.labels.region import Region

IGNORE, SKIP = "ignore", "skip"
KNOWN = {"catheter": "catheter", "guidewire": "guidewire", "wire": "guidewire", IGNORE: IGNORE}
CORNER = 0.5  # px: other programs count from the corner of the first pixel, not from its centre
Kind = Literal["line", "region", "mask"]


@dataclass(frozen=True)
class Mapping:
    """What the classes of a file mean, and what it does not say.

    Parameters
    ----------
    classes
        Class here of each class in the file; ``"ignore"`` for regions without truth, or ``"skip"``.
        Catheter, guidewire, wire and ignore are known in any case.
    width
        Full width of curves for which the file gives none, px; None: they are an error.
    source
        Frames, where they are at hand; None: what the file says of them.
    """

    classes: dict[str, str] = field(default_factory=dict)
    width: float | None = None
    source: Source | None = None

    def of(self, name: str, where: str) -> str:
        """Return what a class means.

        Parameters
        ----------
        name
            Name of the class in the file.
        where
            Beginning of the message.

        Raises
        ------
        UsageError
            For one that nobody mapped.
        """
        found = self.classes.get(name) or KNOWN.get(name.strip().lower())
        if found is None:
            raise UsageError(
                f"{where}: class {name!r} is not mapped: say what it is, {name}=catheter for "
                f"instance, or {name}=ignore, or {name}=skip"
            )
        return found


@dataclass(frozen=True, eq=False)
class Shape:
    """A shape as a file holds it, in pixels from the **centre** of the first one.

    Parameters
    ----------
    frame
        Number of the frame.
    label
        Class, as the file names it.
    kind
        Kind of shape: a ``line`` is a centreline, a ``region`` a polygon, a ``mask`` pixels.
    points
        Points, ``(n, 2)``, or pixels of a mask, ``(H, W)`` bool.
    width
        Full widths, one or one per point; None: the file has none.
    id
        Name of the instrument in the sequence; empty: none.
    tip_in_view
        Whether the last point is the tip.
    origin
        Maker of the shape: a person, a tracker or a model.
    """

    frame: int
    label: str
    kind: Kind
    points: NDArray[np.floating] | NDArray[np.bool_]
    width: Sequence[float] | None = None
    id: str = ""
    tip_in_view: bool = True
    origin: Origin = "drawn"


def build(
    shapes: Iterable[Shape], source: Source, mapping: Mapping, where: str, empty: Iterable[int] = ()
) -> Labels:
    """Return the labels that shapes make.

    Parameters
    ----------
    shapes
        Shapes in any order.
    source
        Frames that they belong to.
    mapping
        Meaning of their classes.
    where
        Beginning of messages.
    empty
        Frames of which the file says that they show no instrument.

    Raises
    ------
    BadDataError
        For a shape that cannot be one of these frames', or a curve without a width.
    UsageError
        For a class that nobody mapped.
    """
    instruments: dict[int, list[Instrument]] = defaultdict(list)
    regions: dict[int, list[Region]] = defaultdict(list)
    for shape in shapes:
        at = f"{where}: frame {shape.frame}"
        if not 0 <= shape.frame < source.frames:
            raise BadDataError(f"{at} of a sequence of {source.frames} frames")
        label = mapping.of(shape.label, where)
        if label == SKIP:
            continue
        if label == IGNORE:
            regions[shape.frame] += _regions(shape, at)
            continue
        for found in _instruments(shape, label, mapping, source, at):
            names = Counter(i.id for i in instruments[shape.frame])
            name = found.id
            if not name or names[name]:
                name = _free(label, names)
            instruments[shape.frame].append(replace(found, id=name))
    frames = [
        FrameLabels(
            index,
            tuple(instruments.get(index, ())),
            index in set(empty) and index not in instruments,
            ignore=tuple(regions.get(index, ())),
        )
        for index in sorted({*instruments, *regions, *empty})
    ]
    return Labels(source, tuple(frames))


def frame_number(name: str, position: int, source: Source | None) -> int:
    """Return which frame a picture's name means.

    The place among the source's own files; else its last number; else its place in the list.

    Parameters
    ----------
    name
        Name of the picture.
    position
        Place of the picture in the list, from 0.
    source
        Frames, where they are at hand.
    """
    plain = PurePosixPath(name.replace("\\", "/")).name
    if source is not None and plain in source.files:
        return source.files.index(plain)
    numbers = re.findall(r"\d+", PurePosixPath(plain).stem)
    return int(numbers[-1]) if numbers else position


def file_name(labels: Labels, index: int) -> str:
    """Return the name of a frame's picture: the source's own, or ``NAME_00012.png``.

    Parameters
    ----------
    labels
        Labels with their source.
    index
        Number of the frame, from 0.
    """
    if labels.source.files:
        return labels.source.files[index]
    return f"{PurePosixPath(labels.source.name).stem}_{index:05d}.png"


def widths(instrument: Instrument) -> float | list[float]:
    """Return one width where it is the same all along, else one per point.

    Parameters
    ----------
    instrument
        Instrument in one frame.
    """
    values = [round(float(w), 3) for w in instrument.width]
    return values[0] if len(set(values)) == 1 else values


def _instruments(
    shape: Shape, label: str, mapping: Mapping, source: Source, at: str
) -> list[Instrument]:
    if shape.kind == "line":
        points = np.asarray(shape.points, np.float32)
        if len(points) < 2 or not np.isfinite(points).all():
            raise BadDataError(f"{at}: a {shape.label} of {len(points)} points, or not of numbers")
        width = shape.width or ([mapping.width] if mapping.width else None)
        if width is None:
            raise BadDataError(f"{at}: a {shape.label} without a width: say which one to take")
        if len(width) not in (1, len(points)):
            raise BadDataError(f"{at}: {len(width)} widths for {len(points)} points")
        values = np.broadcast_to(np.asarray(width, np.float32), len(points)).copy()
        return [Instrument(points, values, shape.id, label, shape.tip_in_view, shape.origin)]
    mask = (
        shape.points
        if shape.kind == "mask"
        else Region(np.asarray(shape.points, np.float32)).mask(source.shape)
    )
    return [
        Instrument(
            d.centreline, d.width, "", label, bool(_inside(d.centreline[-1], source)), shape.origin
        )
        for d in trace(np.asarray(mask, bool))
    ]


def _regions(shape: Shape, at: str) -> list[Region]:
    if shape.kind == "mask":
        return outlines(np.asarray(shape.points, bool))
    width = None if shape.kind == "region" else (shape.width or [1.0])[0]
    points = np.asarray(shape.points, np.float32)
    if width is None and len(points) < 3:
        raise BadDataError(f"{at}: a region of {len(points)} points; a polygon has 3 or more")
    return [Region(points, width)]


def outlines(mask: NDArray[np.bool_]) -> list[Region]:
    """Return polygons that hold exactly the pixels of a mask: one per part, holes slit open.

    Parameters
    ----------
    mask
        Mask, ``(H, W)`` bool.
    """
    from skimage.measure import find_contours, label

    parts, count = label(mask, connectivity=1, return_num=True)
    found = []
    for number in range(1, count + 1):
        rings = [
            ring[:-1, ::-1] - 1
            for ring in find_contours(np.pad(parts == number, 1).astype(float), 0.5)
        ]
        # Even-odd: a ring that is reached and left by the same slit counts as if it stood alone.
        start = rings[0][:1]
        corners = [rings[0], start]
        for ring in rings[1:]:
            corners += [ring, ring[:1], start]
        found.append(Region(np.concatenate(corners).astype(np.float32)))
    return found


def _inside(point: NDArray[np.float32], source: Source) -> bool:
    x, y = point.tolist()
    return bool(-0.5 <= x <= source.width - 0.5 and -0.5 <= y <= source.height - 0.5)


def _free(label: str, names: Counter[str]) -> str:
    number = 0
    while names[f"{label}_{number}"]:
        number += 1
    return f"{label}_{number}"
