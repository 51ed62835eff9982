"""PNG pairs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from fluorosynth.exporters.base import Exporter, stem
from fluorosynth.sample import Sample
from fluorosynth.sheet import png_bytes


@dataclass(frozen=True)
class Folder(Exporter):
    """``images/000000.png`` and ``masks/000000.png`` (0, 1, 255), named by sample index.

    Of runs ``000000_000.png``, ``000000_001.png``: sample and frame.
    """

    runs: ClassVar[bool] = True

    def write(self, samples: Iterable[tuple[int, Sample]], out: Path) -> None:
        """Write the pairs."""
        for name in ("images", "masks"):
            (out / name).mkdir()
        for index, sample in samples:
            if sample.mask is None:
                raise ValueError(f"sample {index} has no mask")
            name = f"{stem(index, sample)}.png"
            (out / "images" / name).write_bytes(png_bytes(sample.image))
            (out / "masks" / name).write_bytes(png_bytes(sample.mask))
