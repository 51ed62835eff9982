"""An exporter of one's own: one compressed NumPy file per sample.

    python own_exporter.py

For ``fluorosynth export --to npz``, name it in the pyproject.toml of an installed package, under
the kind that the class states:

    [project.entry-points."fluorosynth.exporters"]
    npz = "own_exporter:Npz"
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from fluorosynth import Recipe, Sample
from fluorosynth.exporters.base import Exporter


@dataclass(frozen=True)
class Npz(Exporter, kind="npz"):
    """``000000.npz`` and on, with ``image``, ``mask`` and the curves ``curve_0``, ``curve_1``."""

    def write(self, samples: Iterable[tuple[int, Sample]], out: Path) -> None:
        """Write the samples into the empty folder ``out``."""
        for index, sample in samples:
            curves = {f"curve_{i}": d.centreline for i, d in enumerate(sample.devices)}
            np.savez_compressed(
                out / f"{index:06d}.npz", image=sample.image, mask=sample.mask, **curves
            )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        Npz().write(enumerate(islice(Recipe.preset("paper"), 4)), Path(folder))
        for path in sorted(Path(folder).iterdir()):
            print(path.name, {key: array.shape for key, array in np.load(path).items()})
