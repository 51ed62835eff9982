"""Folders of masks: 0, 1 and 255 for no truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.formats.area import Pixels
from fluorosynth.formats.mark import IGNORE, Mark
from fluorosynth.io.atomic import replacing
from fluorosynth.io.contact_sheet import png_bytes
from fluorosynth.io.guard import quoted
from fluorosynth.io.mask_file import MaskFile
from fluorosynth.io.mask_meaning import meaning_of
from fluorosynth.io.mask_values import MaskValues, Meaning
from fluorosynth.io.pairing import stated_values
from fluorosynth.io.place import local
from fluorosynth.io.sources import find_masks
from fluorosynth.labels.formats.build import Conversion, build, file_name, frame_number
from fluorosynth.labels.model import Labels, Source

VOID = 255


def read(path: Path, conversion: Conversion, numbered: bool = False) -> Labels:
    """Trace the masks of a folder; one without a pixel says that its frame is empty.

    Values mean what ``io.mask_meaning`` finds.

    Parameters
    ----------
    path
        Folder of masks.
    conversion
        Meaning of their classes, and what they do not say.
    numbered
        Whether every value below 255 is an instrument of its own, and 255 is ignored.
    """
    files = [MaskFile(file) for file in find_masks(path)]
    given = MaskValues(ignore=VOID) if numbered else stated_values(files) or MaskValues()
    meaning = meaning_of(files, given, several=numbered)
    masks = {file.path: _values(file, meaning, numbered) for file in files}
    if len({mask.shape for mask in masks.values()}) != 1:
        raise BadDataError(f"{quoted(path)} holds masks of several sizes: split them by size")
    marks, numbers, empty = [], [], []
    for position, (file, mask) in enumerate(masks.items()):
        name = file.name.replace("_mask", "")
        number = frame_number(name, position, conversion.source)
        numbers.append(number)
        for value in np.unique(mask[mask != 0]):
            label = IGNORE if value == VOID else "catheter"
            about = f"catheter_{int(value) - 1}" if numbered and label != IGNORE else ""
            marks.append((number, Mark(label, areas=(Pixels(mask == value),), id=about)))
        if not mask.any():
            empty.append(number)
    shape = next(iter(masks.values())).shape
    source = conversion.source or Source(path.stem, max(numbers) + 1, *shape)
    return build(marks, source, conversion, quoted(path), empty)


def write(labels: Labels, out: Path) -> None:
    """Write ``NAME_mask.png`` for each labelled frame, drawn by the exact rasteriser.

    Parameters
    ----------
    labels
        Labels to write.
    out
        File or folder to write.
    """
    local(out).mkdir(parents=True, exist_ok=True)
    for frame in labels.frames:
        name = Path(file_name(labels, frame.index)).stem + "_mask.png"
        with replacing(out / name, sync=False) as part:
            part.write_bytes(png_bytes(labels.mask(frame.index)))


def _values(file: MaskFile, meaning: Meaning, numbered: bool) -> NDArray[np.integer]:
    """Return the numbers of instruments, or 1, and 255 where there is no truth."""
    labels = file.labels()
    mask = meaning.mask(labels, file)
    return np.where(mask == VOID, VOID, meaning.numbered(labels, file)) if numbered else mask
