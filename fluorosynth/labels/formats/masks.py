"""Folders of masks: 0, 1 and 255 for no truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fluorosynth.errors import BadDataError
from fluorosynth.io.atomic import replacing
from fluorosynth.io.contact_sheet import png_bytes
from fluorosynth.io.guard import quoted
from fluorosynth.io.labels import read_labels
from fluorosynth.labels.formats.shape import IGNORE, Mapping, Shape, build, file_name, frame_number
from fluorosynth.labels.model import Labels, Source

VOID = 255


def read(path: Path, mapping: Mapping, numbered: bool = False) -> Labels:
    """Trace the masks of a folder; one without a pixel says that its frame is empty.

    Values are 0, 1 and 255; where no mask holds a 1, 255 is the instrument. In ``numbered`` ones
    every value below 255 is an instrument.
    """
    files = [path] if path.is_file() else sorted(path.rglob("*.png"))
    masks = {file: read_labels(file).values for file in files}
    if len({mask.shape for mask in masks.values()}) != 1:
        what = "no PNG" if not masks else "masks of several sizes: split them by size"
        raise BadDataError(f"{quoted(path)} holds {what}")
    values = {int(v) for mask in masks.values() for v in np.unique(mask)}
    if not numbered and not values <= {0, 1, VOID}:
        worst = max(values - {0, 1, VOID})
        raise BadDataError(f"{quoted(path)}: a mask holds {worst}; it holds 0, 1 and 255 only")
    void = VOID if numbered or 1 in values else None
    shapes, numbers, empty = [], [], []
    for position, (file, mask) in enumerate(masks.items()):
        name = file.name.replace("_mask", "")
        number = frame_number(name, position, mapping.source)
        numbers.append(number)
        for value in np.unique(mask[mask != 0]):
            label = IGNORE if value == void else "catheter"
            about = f"catheter_{int(value) - 1}" if numbered and label != IGNORE else ""
            shapes.append(Shape(number, label, "mask", mask == value, id=about))
        if not mask.any():
            empty.append(number)
    shape = next(iter(masks.values())).shape
    source = mapping.source or Source(path.stem, max(numbers) + 1, *shape)
    return build(shapes, source, mapping, quoted(path), empty)


def write(labels: Labels, out: Path) -> None:
    """Write ``NAME_mask.png`` for each labelled frame, drawn by the exact rasteriser."""
    out.mkdir(parents=True, exist_ok=True)
    for frame in labels.frames:
        name = Path(file_name(labels, frame.index)).stem + "_mask.png"
        with replacing(out / name, sync=False) as part:
            part.write_bytes(png_bytes(labels.mask(frame.index)))
