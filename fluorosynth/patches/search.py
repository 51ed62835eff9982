"""What patches to look for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Interval

from fluorosynth.core.check import Checked
from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.guard import quoted
from fluorosynth.io.mask_values import MaskValues


@dataclass(frozen=True)
class Search(Checked):
    """What windows to look for.

    Parameters
    ----------
    count
        Patches wanted, >= 1.
    size
        Side of the patches, 16 to 4096 px.
    masks
        Folder of instrument masks, named like the frames (``io.pairing.MaskFolder``); windows
        keep clear of them. Empty: where instruments lie is estimated.
    smallest
        Least side of a window in px of the frame; 0 stands for half of ``size``.
    ceiling
        Highest score of a window, [0, 1), where it is estimated.
    temporal
        Whether the frames of a sequence are looked at together.
    mask_values
        Values of the masks, where they do not tell.
    invert
        Whether dense material is bright in the frames; it is dark in the patches.
    """

    count: Annotated[int, Ge(1)] = 32
    size: Annotated[int, Interval(ge=16, le=4096)] = 256
    masks: str = ""
    smallest: int = 0
    ceiling: Annotated[float, Interval(ge=0, lt=1)] = 0.2
    temporal: bool = True
    mask_values: MaskValues = field(default_factory=MaskValues)
    invert: bool = False

    def __post_init__(self) -> None:
        if not (self.smallest == 0 or self.smallest >= 8):
            raise UsageError(f"`smallest` must be 0, or at least 8 px, not {self.smallest}")
        if self.masks and not Path(self.masks).is_dir():
            raise BadDataError(f"{quoted(self.masks)}, the folder of masks, does not exist")

    @property
    def least_side(self) -> int:
        """The least side of a window, px of the frame."""
        return self.smallest or self.size // 2
