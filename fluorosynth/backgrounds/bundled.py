"""The pack in the box: 64 real instrument-free patches (``NOTICE`` names their authors)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fluorosynth.backgrounds.base import BackgroundSource
from fluorosynth.backgrounds.folder import Folder
from fluorosynth.backgrounds.pool import Pool

PACK = Path(__file__).with_name("pack")


@dataclass(frozen=True)
class Bundled(BackgroundSource):
    """Patches of 256 x 256 px from coronary angiograms, each looked at by eye.

    They hold lung, heart, diaphragm, ribs, spine and thin contrast-filled vessels; no catheter,
    wire, lead or sternal wire was seen in any.

    Examples
    --------
    >>> len(Bundled().open(64, seed=0).ids)
    64
    """

    def open(self, size: int, seed: int) -> Pool:
        """Read the pack into a pool of ``(size, size)`` pictures."""
        return Folder(PACK).open(size, seed)
