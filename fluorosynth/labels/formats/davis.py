"""DAVIS: ``Annotations/NAME/00012.png``, a number per instrument, 255 for no truth.

Source: https://davischallenge.org, the layout of DAVIS 2017: indexed PNG with a palette.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from fluorosynth.errors import BadDataError
from fluorosynth.geometry.raster import cover
from fluorosynth.io.atomic import replacing
from fluorosynth.labels.formats import masks
from fluorosynth.labels.formats.build import Conversion
from fluorosynth.labels.model import Labels

MOST = 254


def read(path: Path, conversion: Conversion) -> Labels:
    """Trace the instruments of one sequence: its folder, or one that holds ``Annotations``.

    Parameters
    ----------
    path
        File or folder.
    conversion
        Meaning of its classes, and what it does not say.
    """
    folders = sorted({p.parent for p in path.rglob("*.png") if "JPEGImages" not in p.parts})
    if len(folders) != 1:
        names = ", ".join(f.name for f in folders[:4]) or "no PNG"
        raise BadDataError(f"{path} holds {names}: name the folder of one sequence")
    return masks.read(folders[0], conversion, numbered=True)


def write(labels: Labels, out: Path) -> None:
    """Write a sequence; where instruments cross, the later one counts.

    Parameters
    ----------
    labels
        Labels to write.
    out
        File or folder to write.
    """
    folder = out / "Annotations" / Path(labels.source.name).stem
    folder.mkdir(parents=True)
    ids = labels.ids
    if len(ids) > MOST:
        raise BadDataError(f"{len(ids)} instruments; at most {MOST} can be numbered")
    for frame in labels.frames:
        numbered = np.zeros(labels.source.shape, np.uint8)
        for i in frame.instruments:
            cover(numbered, i.points, i.width, ids.index(i.id) + 1)
        numbered[labels.mask(frame.index) == masks.VOID] = masks.VOID
        picture = Image.fromarray(numbered)
        picture.putpalette(_palette())
        with replacing(folder / f"{frame.index:05d}.png", sync=False) as part:
            picture.save(part, format="PNG")


def _palette() -> list[int]:
    """Return PASCAL VOC's colours, which DAVIS uses: the bits of a number, spread over RGB."""
    colours = []
    for number in range(256):
        red = green = blue = 0
        for bit in range(8):
            part = number >> (3 * bit)
            red |= (part & 1) << (7 - bit)
            green |= (part >> 1 & 1) << (7 - bit)
            blue |= (part >> 2 & 1) << (7 - bit)
        colours += [red, green, blue]
    return colours
