"""nnU-Net v2's raw layout."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from fluorosynth.exporters.base import Exporter, stem
from fluorosynth.io.contact_sheet import png_bytes
from fluorosynth.sample import IGNORE, Sample

IGNORE_LABEL = 2  # nnU-Net wants consecutive labels, "ignore" the highest


@dataclass(frozen=True)
class NnUNet(Exporter):
    """A ``DatasetXXX_NAME`` folder: ``imagesTr/fluoro_000000_0000.png``, ``labelsTr``, json.

    Isensee et al., Nat. Methods 18 (2021); the layout is nnU-Net v2's ``dataset_format.md``.
    ``out`` should be named like ``Dataset101_Catheter``. Each frame of a sequence is a case:
    ``fluoro_000000_000``.
    """

    sequences: ClassVar[bool] = True

    def write(self, samples: Iterable[tuple[int, Sample]], out: Path) -> None:
        """Write pictures, labels and ``dataset.json``."""
        for name in ("imagesTr", "labelsTr"):
            (out / name).mkdir()
        count, ignore = 0, False
        for index, sample in samples:
            if sample.mask is None:
                raise ValueError(f"sample {index} has no mask")
            unknown = sample.mask == IGNORE
            ignore = ignore or bool(unknown.any())
            label = np.where(unknown, np.uint8(IGNORE_LABEL), sample.mask)
            name = f"fluoro_{stem(index, sample)}"
            (out / "imagesTr" / f"{name}_0000.png").write_bytes(png_bytes(sample.image))
            (out / "labelsTr" / f"{name}.png").write_bytes(png_bytes(label))
            count += 1
        labels = {"background": 0, "instrument": 1} | ({"ignore": IGNORE_LABEL} if ignore else {})
        about = {
            "channel_names": {"0": "fluoroscopy"},
            "labels": labels,
            "numTraining": count,
            "file_ending": ".png",
        }
        (out / "dataset.json").write_text(json.dumps(about, indent=1) + "\n", "utf-8")
