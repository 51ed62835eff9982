"""What patches to look for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.guard import quoted


@dataclass(frozen=True)
class Search:
    """What windows to look for.

    Parameters
    ----------
    count
        Patches wanted, >= 1.
    size
        Side of the patches, 16 to 4096 px.
    masks
        Folder of instrument masks, named like the frames (``masks.mask_path``); windows keep
        clear of them. Empty: where instruments lie is estimated.
    smallest
        Least side of a window in px of the frame; 0 stands for half of ``size``.
    ceiling
        Highest score of a window, [0, 1), where it is estimated.
    temporal
        False looks at each frame of a run alone.
    """

    count: int = 32
    size: int = 256
    masks: str = ""
    smallest: int = 0
    ceiling: float = 0.2
    temporal: bool = True

    def __post_init__(self) -> None:
        if self.count < 1:
            raise UsageError(f"count must be at least 1, not {self.count}")
        if not 16 <= self.size <= 4096:
            raise UsageError(f"size must be from 16 to 4096 px, not {self.size}")
        if not (self.smallest == 0 or self.smallest >= 8):
            raise UsageError(f"the smallest window must be at least 8 px, not {self.smallest}")
        if not 0 <= self.ceiling < 1:
            raise UsageError(f"ceiling must be in [0, 1), not {self.ceiling}")
        if self.masks and not Path(self.masks).is_dir():
            raise BadDataError(f"{quoted(self.masks)}, the folder of masks, does not exist")

    @property
    def least_side(self) -> int:
        """The least side of a window, px of the frame."""
        return self.smallest or self.size // 2
