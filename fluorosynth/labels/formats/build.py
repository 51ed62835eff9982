"""What all layouts have in common: marks with a class in numbered frames."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from fluorosynth.devices.trace import trace
from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.formats.area import Area, Polygon
from fluorosynth.formats.mark import IGNORE, Annotations, Mark
from fluorosynth.io.guard import quoted
from fluorosynth.labels.model import FrameLabels, Instrument, Labels, Source
from fluorosynth.labels.region import Region

SKIP = "skip"
KNOWN = {"catheter": "catheter", "guidewire": "guidewire", "wire": "guidewire", IGNORE: IGNORE}


@dataclass(frozen=True)
class Conversion:
    """How a file of another tool is read: what its classes mean, and what it does not say.

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


def labels_of(found: Annotations, path: Path, conversion: Conversion, blank: bool = True) -> Labels:
    """Return the labels of a file's pictures.

    Parameters
    ----------
    found
        Pictures and what is marked in them.
    path
        File or folder, for messages and as the frames' name.
    conversion
        Meaning of its classes, and what it does not say.
    blank
        Whether a picture without a mark shows no instrument, rather than being unlabelled.

    Raises
    ------
    BadDataError
        For pictures of several sizes, or of none that is said.
    """
    stated = [picture.shape for picture in found.pictures]
    sizes = {size for size in stated if size} or {size for size in [found.shape] if size}
    if len(sizes) > 1:
        raise BadDataError(f"{quoted(path)} holds pictures of several sizes: split it by size")
    if not (found.pictures or conversion.source or found.frames):
        raise BadDataError(f"{quoted(path)} holds no picture")
    numbers = [
        frame_number(picture.name, picture.number, conversion.source) for picture in found.pictures
    ]
    source = conversion.source
    if source is None:
        if not sizes:
            raise BadDataError(f"{quoted(path)} gives no size of the frames: name the frames")
        count = found.frames or max(numbers, default=0) + 1
        source = Source(found.name or path.stem, count, *sizes.pop())
    pairs = list(zip(numbers, found.pictures, strict=True))
    marks = [(number, mark) for number, picture in pairs for mark in picture.marks]
    empty = [number for number, picture in pairs if blank and not picture.marks]
    return build(marks, source, conversion, quoted(path), empty)


def build(
    marks: Iterable[tuple[int, Mark]],
    source: Source,
    conversion: Conversion,
    where: str,
    empty: Iterable[int] = (),
) -> Labels:
    """Return the labels that marks make.

    Parameters
    ----------
    marks
        Numbers of frames, and what is marked there, in any order.
    source
        Frames that they belong to.
    conversion
        Meaning of their classes.
    where
        Beginning of messages.
    empty
        Frames of which the file says that they show no instrument.

    Raises
    ------
    BadDataError
        For a mark that cannot be one of these frames', or a curve without a width.
    UsageError
        For a class that nobody mapped.
    """
    instruments: dict[int, list[Instrument]] = defaultdict(list)
    regions: dict[int, list[Region]] = defaultdict(list)
    for number, mark in marks:
        at = f"{where}: frame {number}"
        if not 0 <= number < source.frames:
            raise BadDataError(f"{at} of a sequence of {source.frames} frames")
        label = conversion.of(mark.label, where)
        if label == SKIP:
            continue
        if mark.line is None and not mark.areas:
            raise BadDataError(
                f"{at}: a {mark.label} that is neither a curve nor an outline nor a mask: say "
                f"{mark.label}=skip to leave it out"
            )
        if label == IGNORE:
            regions[number] += _regions(mark, source, at)
            continue
        for found in _instruments(mark, label, conversion, source, at):
            names = Counter(i.id for i in instruments[number])
            name = found.id
            if not name or names[name]:
                name = _free(label, names)
            instruments[number].append(replace(found, id=name))
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
    mark: Mark, label: str, conversion: Conversion, source: Source, at: str
) -> list[Instrument]:
    if mark.line is not None:
        points = np.asarray(mark.line, np.float32)
        if len(points) < 2 or not np.isfinite(points).all():
            raise BadDataError(f"{at}: a {mark.label} of {len(points)} points, or not of numbers")
        width = mark.width or ((conversion.width,) if conversion.width else None)
        if width is None:
            raise BadDataError(f"{at}: a {mark.label} without a width: say which one to take")
        if len(width) not in (1, len(points)):
            raise BadDataError(f"{at}: {len(width)} widths for {len(points)} points")
        values = np.broadcast_to(np.asarray(width, np.float32), len(points)).copy()
        return [Instrument(points, values, mark.id, label, mark.tip_in_view, mark.origin)]
    return [
        Instrument(
            d.centreline, d.width, "", label, bool(_inside(d.centreline[-1], source)), mark.origin
        )
        for d in trace(mark.pixels(source.shape))
    ]


def _regions(mark: Mark, source: Source, at: str) -> list[Region]:
    if mark.areas:
        return [region for area in mark.areas for region in _region(area, source)]
    assert mark.line is not None  # noqa: S101 - a mark without either is refused before
    if not len(mark.line):
        raise BadDataError(f"{at}: a region of no points")
    return [Region(np.asarray(mark.line, np.float32), (mark.width or (1.0,))[0])]


def _region(area: Area, source: Source) -> list[Region]:
    if isinstance(area, Polygon):
        return [Region(np.asarray(area.corners, np.float32))]
    return outlines(area.mask(source.shape))


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
