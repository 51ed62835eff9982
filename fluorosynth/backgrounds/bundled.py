"""The packs in the box; their authors are named in ``NOTICE``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fluorosynth.backgrounds.base import BackgroundSource
from fluorosynth.backgrounds.folder import Folder
from fluorosynth.backgrounds.pool import BackgroundPool

HERE = Path(__file__).parent
PACK = HERE / "pack"
CONTRAST = HERE / "contrast"
CHEST_DRR = HERE / "chest_drr"
_PACKS = {
    "patches": Folder(PACK),
    "contrast": Folder(
        CONTRAST, ignore=CONTRAST / "ignore", instruments=CONTRAST / "instruments.csv"
    ),
    "chest_drr": Folder(CHEST_DRR),
    "ct_drr": Folder(HERE / "ct_drr"),
    "radiographs": Folder(HERE / "radiographs"),
}


@dataclass(frozen=True)
class Bundled(BackgroundSource):
    """Pictures of 256 x 256 px, each looked at by eye.

    Parameters
    ----------
    pack
        Name of the pack.

        ``patches``: 64 windows of lung, heart, diaphragm, ribs, spine and thin contrast-filled
        vessels; no catheter, wire, lead or sternal wire was seen in any.

        ``contrast``: 49 whole frames with the coronary arteries full of contrast. What is a real
        catheter, or may be one, is set to ignore, 1 to 4 % of a frame; everything else, above
        all the arteries, is known to be no instrument. Points along those catheters come with
        them, for the stage `engage`.

        ``chest_drr``: 64 radiographs of one chest CT, rendered by the source `Ct`; no instrument
        was seen in any.

        ``ct_drr``: 103 radiographs of six CTs at the fields of interventions, rendered likewise:
        skull, heart after an operation, chest, abdomen with a hip screw, two pelves.

        ``radiographs``: 13 chest radiographs, whole: shoulders, ribs, arms, side markers.

    Examples
    --------
    >>> len(Bundled().open(64, seed=0).ids)
    64
    >>> import numpy as np
    >>> frame = Bundled(pack="contrast").open(64, seed=0).draw(np.random.default_rng(0))
    >>> frame.id, frame.ignore.shape
    ('arcade_51.png', (64, 64))
    """

    pack: Literal["patches", "contrast", "chest_drr", "ct_drr", "radiographs"] = "patches"

    def open(self, size: int, seed: int) -> BackgroundPool:
        """Read the pack into a pool of ``(size, size)`` pictures."""
        return _PACKS[self.pack].open(size, seed)
