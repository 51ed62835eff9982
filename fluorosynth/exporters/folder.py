"""PNG pairs, and the instruments one by one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from fluorosynth.exporters.base import Exporter, stem
from fluorosynth.exporters.instrument_ids import instrument_ids, tip
from fluorosynth.io.contact_sheet import png_bytes
from fluorosynth.sample import IGNORE, INSTRUMENT, Sample

SHOWN = np.zeros(256, np.uint8)  # the grey of each label
SHOWN[[INSTRUMENT, IGNORE]] = 255, 128
README = """\
Pictures of a fluorosynth set, as `fluorosynth export` writes them to a folder.

images/            the pictures, 8-bit grey
masks/             of the same names: 0 background, 255 instrument, 128 nobody knows the truth
                   there (leave these pixels out of losses and scores)
masks.json         these values, for programs
instruments/       of the same names: the instruments by number, from 1
instruments.json   their curves in pixels of the picture, (x, y) from entry to tip, and widths

fluorosynth reads the folder as it is: labelled data for train, finetune and evaluate, devices for
generate.
"""


@dataclass(frozen=True)
class Folder(Exporter):
    """``images/000000.png`` and ``masks/000000.png``, named by sample index.

    Masks are made to be looked at: 0 background, 255 instrument, 128 where nobody knows the truth;
    ``masks.json`` says so to the commands that read them, ``README.txt`` to people.

    Of sequences ``000000_000.png``, ``000000_001.png``: sample and frame. Beside them
    ``instruments/000000.png`` numbers the instruments from 1, and ``instruments.json`` lists them
    by picture: number, label, tip (null where it cannot be seen), centreline and width in px, and
    the size of the picture. ``generate --devices`` reads that file.
    """

    sequences: ClassVar[bool] = True

    def write(self, samples: Iterable[tuple[int, Sample]], out: Path) -> None:
        """Write the pairs."""
        for name in ("images", "masks", "instruments"):
            (out / name).mkdir()
        (out / "README.txt").write_text(README, "utf-8")
        stated = {"background": 0, "instrument": [SHOWN[INSTRUMENT]], "ignore": SHOWN[IGNORE]}
        (out / "masks.json").write_text(json.dumps(stated, default=int) + "\n", "utf-8")
        listed: dict[str, list[dict[str, Any]]] = {}
        for index, sample in samples:
            if sample.mask is None:
                raise ValueError(f"sample {index} has no mask")
            name = stem(index, sample)
            maps = {"images": sample.image, "masks": SHOWN[sample.mask]}
            for folder, picture in {**maps, "instruments": instrument_ids(sample)}.items():
                (out / folder / f"{name}.png").write_bytes(png_bytes(picture))
            listed[name] = [
                {
                    "id": number,
                    "label": device.label,
                    "frame_size": list(sample.image.shape),
                    "tip": tip(device, sample.mask),
                    "points": device.centreline.round(2).tolist(),
                    "width": device.width.round(2).tolist(),
                }
                for number, device in enumerate(sample.devices, 1)
            ]
        (out / "instruments.json").write_text(json.dumps(listed) + "\n", "utf-8")
