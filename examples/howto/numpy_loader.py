"""Read shards with NumPy and h5py alone: no fluorosynth, no copy of the data set in memory.

fluorosynth generate --n 8 --out data/small
python numpy_loader.py data/small
"""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np


def mapped(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return images and masks of a shard, each (n, H, W) uint8, as read-only memory maps."""
    with h5py.File(path) as file:
        images, masks = file["images"], file["masks"]
        if images.id.get_offset() is None:  # compressed: there are no plain bytes to map
            return images[:], masks[:]
        places = [(d.shape, d.id.get_offset()) for d in (images, masks)]
    image, mask = (np.memmap(path, np.uint8, "r", offset, shape) for shape, offset in places)
    return image, mask


def curves(path: Path, row: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return (points (n, 2), widths (n,)) in pixels of each instrument of one sample."""
    with h5py.File(path) as file:
        group = file["devices"]
        first, last = group["sample_offsets"][row : row + 2]
        spans = [slice(*ends) for ends in pairwise(group["point_offsets"][first : last + 1])]
        return [(group["points"][s], group["widths"][s]) for s in spans]


def main(folder: Path) -> None:
    """Go through a whole set."""
    for entry in json.loads((folder / "dataset.json").read_text())["shards"]:
        path = folder / entry["file"]
        images, masks = mapped(path)
        share = np.count_nonzero(masks == 1) / masks.size
        print(f"{path.name}: {images.shape}, {share:.2%} of the pixels are instrument")
        print("tips at", [points[-1].round(1).tolist() for points, _ in curves(path, 0)])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
