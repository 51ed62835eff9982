"""Devices traced from label images."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from annotated_types import Interval

from fluorosynth.devices.base import DeviceSource
from fluorosynth.devices.pool import DevicePool, DeviceSet, fit, take_share
from fluorosynth.devices.trace import trace
from fluorosynth.errors import BadDataError, DataWarning
from fluorosynth.io.guard import quoted
from fluorosynth.io.mask_file import MaskFile
from fluorosynth.io.mask_meaning import meaning_of, readable
from fluorosynth.io.mask_values import MaskValues, Meaning
from fluorosynth.io.pairing import stated_values
from fluorosynth.io.published import label_rows
from fluorosynth.io.sources import find_masks


@dataclass(frozen=True)
class Masks(DeviceSource):
    """Instruments traced from PNG masks: a file, a folder (any depth) or a glob.

    0 is background; each other value is traced apart, and may hold several instruments. Where
    masks hold both 1 and 255, 255 is ignored (``io.mask_meaning``). The published label files,
    ``*_label.hdf5``, are read as well. The instruments of one mask are drawn together. Masks may
    differ in size; the longer side is scaled to the opened size and the shorter one centred.

    Parameters
    ----------
    path
        File, folder or glob; of a folder that holds frames too, the masks are found by their
        names (``io.pairing``).
    share
        Share of the masks to use, drawn once per dataset from its seed (at least one mask). Only
        these are read.
    label
        Label of all devices.
    skip_bad
        Whether masks that cannot be used are left out; otherwise the first one is refused by name.
    instrument
        Values of instruments, where the masks do not tell; any other is background.
    ignore
        Value of pixels without truth; -1: by the masks.
    threshold
        Grey value above which a pixel is instrument; -1: none.
    """

    path: Path
    share: Annotated[float, Interval(gt=0, le=1)] = 1.0
    label: str = "catheter"
    skip_bad: bool = False
    instrument: tuple[int, ...] = ()
    ignore: int = -1
    threshold: int = -1

    def open(self, size: int, seed: int) -> DevicePool:
        """Trace the masks.

        Parameters
        ----------
        size
            Side of the pictures, px.
        seed
            Seed of the share that is used.

        Raises
        ------
        BadDataError
            Naming the first mask that cannot be used.
        """
        sets, problems = list[DeviceSet](), list[str]()
        given = MaskValues(self.instrument, self.ignore, self.threshold)
        masks: Sequence[MaskFile] = list(_masks(find_masks(self.path)))
        masks = take_share(masks, self.share, seed)
        if self.skip_bad:
            masks = list(readable(masks, problems))
        if given == MaskValues():
            given = stated_values(masks) or given
        meaning = meaning_of(masks, given, several=True)
        for mask in masks:
            try:
                if len(masks) > 1 and not meaning.numbered(mask.labels(), mask).any():
                    continue  # of a picture without an instrument
                devices, frame = trace_mask(mask, self.label, meaning)
            except BadDataError as error:
                if not self.skip_bad:
                    raise
                problems.append(str(error))
            else:
                sets.append(fit(devices, frame, size))
        if not sets:
            why = problems[0] if problems else "all are empty"
            raise BadDataError(f"{quoted(self.path)} holds no usable mask; {why}")
        for problem in problems:
            warnings.warn(f"left out: {problem}", DataWarning, stacklevel=2)
        return DevicePool(sets)


def trace_mask(mask: MaskFile, label: str, meaning: Meaning) -> tuple[DeviceSet, tuple[int, int]]:
    """Trace one mask: its devices in its own pixels, and its (height, width).

    Parameters
    ----------
    mask
        Mask to read.
    label
        Label of all devices.
    meaning
        Meaning of the mask's values.

    Raises
    ------
    BadDataError
        For a file that cannot be read, an empty or nearly full mask, a grey picture, and where
        nothing is long and thin.
    """
    numbers = meaning.numbered(mask.labels(), mask)
    if not numbers.any():
        raise BadDataError(f"{mask} is an empty mask: all pixels are background")
    try:
        devices = trace(numbers, label)
    except BadDataError as error:
        raise BadDataError(f"{mask}: {error}") from None
    if not devices:
        raise BadDataError(f"{mask} holds nothing that is longer than it is wide")
    row = "" if mask.row < 0 else f"#{mask.row}"
    named = (replace(d, id=f"{mask.path.name}{row}#{i}") for i, d in enumerate(devices))
    return tuple(named), (numbers.shape[0], numbers.shape[1])


def _masks(files: Sequence[Path]) -> Iterator[MaskFile]:
    for file in files:
        if file.suffix.lower() == ".hdf5":
            yield from (MaskFile(file, row) for row in range(label_rows(file)))
        else:
            yield MaskFile(file)
