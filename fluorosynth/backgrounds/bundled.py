"""The packs in the box; their authors are named in ``NOTICE``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from fluorosynth.backgrounds.base import BackgroundSource
from fluorosynth.backgrounds.folder import Folder
from fluorosynth.backgrounds.pool import BackgroundPool
from fluorosynth.core.rng import POOL, Streams
from fluorosynth.drr.to_grey import to_grey
from fluorosynth.xray.line_integrals import lines_of

STREAM = POOL - 4  # an index that neither samples nor other once-per-dataset draws use
BORDERS, NOISE = 0.6, 0.7  # of the packs of line integrals, where no stage exposes

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

        ``chest_drr``: 64 radiographs of one chest CT, rendered by the source `Ct`, as line
        integrals with their scale; no instrument was seen in any.

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
        """Read the pack into a pool of ``(size, size)`` pictures, as a display shows them."""
        return _shown(self.open_lines(size, seed))

    def open_lines(self, size: int, seed: int) -> BackgroundPool:
        """Read the pack into a pool of ``(size, size)`` pictures; line integrals as they are."""
        return _PACKS[self.pack].open(size, seed)


def _shown(pool: BackgroundPool) -> BackgroundPool:
    """Return a pool whose line integrals went through a detector and a display."""
    spans = [span for _, _, span in pool.views]
    if not any(spans):
        return pool
    streams = Streams(0)
    images = np.stack(
        [
            to_grey(lines_of(image, span), streams.at(STREAM, k), BORDERS, NOISE) if span else image
            for k, (image, span) in enumerate(zip(pool.images, spans, strict=True))
        ]
    )
    views = tuple((mm_per_px, kvp, None) for mm_per_px, kvp, _ in pool.views)
    return BackgroundPool(images, pool.ids, pool.ignore, pool.skipped, pool.paths, views)
