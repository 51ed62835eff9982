"""The packs in the box, without instruments (``NOTICE`` names their authors)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fluorosynth.backgrounds.base import BackgroundSource
from fluorosynth.backgrounds.folder import Folder
from fluorosynth.backgrounds.pool import Pool

PACK = Path(__file__).with_name("pack")
PACKS = {"coronary": PACK, "chest_drr": Path(__file__).with_name("chest_drr")}


@dataclass(frozen=True)
class Bundled(BackgroundSource):
    """Pictures of 256 x 256 px, each looked at by eye.

    Parameters
    ----------
    pack
        ``coronary``: 64 patches of real coronary angiograms. They hold lung, heart, diaphragm,
        ribs, spine and thin contrast-filled vessels; no catheter, wire, lead or sternal wire was
        seen in any. ``chest_drr``: radiographs rendered from one chest CT by `Ct`.

    Examples
    --------
    >>> len(Bundled().open(64, seed=0).ids)
    64
    """

    pack: Literal["coronary", "chest_drr"] = "coronary"

    @property
    def folder(self) -> Path:
        """Where the pictures are."""
        return PACKS[self.pack]

    def open(self, size: int, seed: int) -> Pool:
        """Read the pack into a pool of ``(size, size)`` pictures."""
        return Folder(self.folder).open(size, seed)
