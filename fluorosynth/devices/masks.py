"""Devices traced from label images."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Interval
from numpy.typing import NDArray

from fluorosynth.devices.base import DeviceSource
from fluorosynth.devices.pool import DevicePool, DeviceSet, fit, take_share
from fluorosynth.devices.trace import trace
from fluorosynth.errors import BadDataError
from fluorosynth.io.frames import find_sources
from fluorosynth.io.guard import quoted
from fluorosynth.io.labels import read_labels
from fluorosynth.sample import IGNORE, INSTRUMENT

MAX_LABELS = 64  # more values than this are grey levels
MAX_FOREGROUND = 0.5


@dataclass(frozen=True)
class Masks(DeviceSource):
    """Instruments traced from PNG masks: a file, a folder (any depth) or a glob.

    0 is background; each other value is traced apart, and may hold several instruments. A mask
    with both 1 and 255 is one of ours, where 255 is ignored. The instruments of one mask are
    drawn together. Masks may differ in size; the longer side is scaled to the opened size and the
    shorter one centred.

    Parameters
    ----------
    path
        File, folder or glob; of a folder that holds frames too, name the masks: ``*_mask.png``.
    share
        Share of the masks to use, drawn once per dataset from its seed (at least one mask). Only
        these are read.
    label
        The label of all devices.
    skip_bad
        Leave out masks that cannot be used; otherwise the first one is refused by name.
    """

    path: Path
    share: Annotated[float, Interval(gt=0, le=1)] = 1.0
    label: str = "catheter"
    skip_bad: bool = False

    def open(self, size: int, seed: int) -> DevicePool:
        """Trace the masks; BadDataError names the first that cannot be used."""
        sets, problems = [], []
        for file in take_share(find_sources(self.path, (".png",)), self.share, seed):
            try:
                devices, frame = trace_file(file, self.label)
            except BadDataError as error:
                if not self.skip_bad:
                    raise
                problems.append(str(error))
            else:
                sets.append(fit(devices, frame, size))
        if not sets:
            raise BadDataError(f"{quoted(self.path)} holds no usable mask; {problems[0]}")
        return DevicePool(sets)


def trace_file(path: Path, label: str = "catheter") -> tuple[DeviceSet, tuple[int, int]]:
    """Trace one PNG: its devices in its own pixels, and its (height, width).

    Raises BadDataError for a file that cannot be read, an empty or nearly full mask, a grey
    picture, and where nothing is long and thin.
    """
    mask = read_labels(path)
    if mask.max() == IGNORE and (mask == INSTRUMENT).any():
        mask = np.where(mask == IGNORE, 0, mask)
    _check(path, mask)
    try:
        devices = trace(mask, label)
    except BadDataError as error:
        raise BadDataError(f"{quoted(path)}: {error}") from None
    if not devices:
        raise BadDataError(f"{quoted(path)} holds nothing that is longer than it is wide")
    named = (replace(d, id=f"{path.name}#{i}") for i, d in enumerate(devices))
    return tuple(named), (mask.shape[0], mask.shape[1])


def _check(path: Path, mask: NDArray[Any]) -> None:
    share = float(np.mean(mask != 0))
    labels = len(np.unique(mask[mask != 0]))
    if share == 0:
        raise BadDataError(f"{quoted(path)} is an empty mask: all pixels are 0")
    if labels > MAX_LABELS:
        raise BadDataError(
            f"{quoted(path)} holds {labels} values, so it is no label image; name the masks with a "
            "glob such as '*_mask.png', or threshold it"
        )
    if share > MAX_FOREGROUND:
        raise BadDataError(
            f"{quoted(path)} is no mask of instruments: {share:.0%} of it is not 0; "
            "invert it if its background is not 0"
        )
