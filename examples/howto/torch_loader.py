"""Read shards in plain PyTorch: no fluorosynth, several workers, shuffled.

fluorosynth generate --n 8 --out data/small
python torch_loader.py data/small
"""

from __future__ import annotations

import json
import sys
from bisect import bisect_right
from pathlib import Path

import h5py
import torch
from torch.utils.data import DataLoader, Dataset


class Shards(Dataset):
    """A set as (image, target, known), each (1, H, W) float32; known is 0 where truth is not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        about = json.loads((folder / "dataset.json").read_text())
        self.n, self.entries = about["n"], about["shards"]
        self.files: dict[str, h5py.File] = {}  # opened where they are read: in each worker

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        entry = self.entries[bisect_right(self.entries, index, key=lambda e: e["first"]) - 1]
        name, row = entry["file"], index - entry["first"]
        if name not in self.files:
            self.files[name] = h5py.File(self.folder / name)
        image = torch.from_numpy(self.files[name]["images"][row])[None].float() / 255
        mask = torch.from_numpy(self.files[name]["masks"][row])[None]
        return image, (mask == 1).float(), (mask != 255).float()


def main(folder: Path) -> None:
    """Go through a set once."""
    for image, target, known in DataLoader(Shards(folder), 4, shuffle=True, num_workers=2):
        print(tuple(image.shape), f"{(target.sum() / known.sum()).item():.2%} instrument")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
