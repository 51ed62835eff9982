"""Small labelled data with known truth, in every layout that is read."""

from dataclasses import dataclass

import cv2
import h5py
import numpy as np

from fluorosynth.backgrounds.procedural import Procedural
from fluorosynth.dataset.manifest import Manifest, ShardEntry
from fluorosynth.devices.base import DeviceSource
from fluorosynth.devices.pool import DevicePool
from fluorosynth.learn.data import LabelledDataset
from fluorosynth.recipe import Recipe
from fluorosynth.sample import Device, Sample
from fluorosynth.shards import ShardInfo, file_digest, software, write_shard
from fluorosynth.stages.jitter import Jitter
from fluorosynth.stages.render import Render


def picture(index, size=64):
    """A dark line of width 3 at an angle on a noisy ground, and its mask."""
    rng = np.random.default_rng(index)
    mask = np.zeros((size, size), np.uint8)
    ends = [tuple(int(v) for v in rng.integers(0, size, 2)) for _ in range(2)]
    cv2.line(mask, *ends, 1, 3)
    image = rng.normal(150, 12, (size, size)) - 60 * mask
    return np.clip(image, 0, 255).astype(np.uint8), mask


class Lines(LabelledDataset):
    """``n`` pictures in memory."""

    fingerprint = "lines"

    def __init__(self, n, size=64):
        self.items = [picture(i, size) for i in range(n)]

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        self._check(index)
        return self.items[index]


@dataclass(frozen=True)
class Stroke(DeviceSource):
    """Straight catheters of width 5 across the frame."""

    def open(self, size, seed):
        heights = np.linspace(0.2, 0.8, 8) * size
        width = np.full(2, 5, np.float32)
        lines = [np.float32([[0, h], [0.7 * size, size - h]]) for h in heights]
        return DevicePool([(Device(line, width),) for line in lines])


def recipe(size=32):
    """Return a recipe of few, small samples."""
    return Recipe(
        (Procedural(count=1),), (Stroke(),), (Render("edge", "outer", 0.0), Jitter()), size=size
    )


def write_set(folder, counts, size=64, compression=None):
    """Write a generated set with shards of the given sizes."""
    folder.mkdir(parents=True, exist_ok=True)
    entries, first = [], 0
    for number, count in enumerate(counts):
        path = folder / f"shard-{number:05d}.h5"
        info = ShardInfo("size = 64\n", 0, first, count, size, ["test"])
        pairs = (picture(first + i, size) for i in range(count))
        write_shard(path, info, (Sample(i, mask=m) for i, m in pairs), compression)
        entries.append(
            ShardEntry(
                file=path.name,
                first=first,
                count=count,
                bytes=path.stat().st_size,
                xxh3_128=file_digest(path),
            )
        )
        first += count
    manifest = Manifest(
        n=first,
        size=size,
        seed=0,
        recipe="size = 64\n",
        fingerprints=["test"],
        software=software(),
        shards=entries,
    )
    (folder / "dataset.json").write_text(manifest.model_dump_json())
    return folder


def write_weiss(folder, size=8):
    """Write the in-vivo files with frame numbers as grey values."""
    for stem, key, count in (("T1T2", "train_img", 436), ("T3-T6", "test", 771)):
        grey = (np.arange(count) % 251).astype(np.uint8)
        images = np.broadcast_to(grey[:, None, None, None], (count, size, size, 3))
        labels = np.zeros((count, size, size, 2), np.float32)
        labels[:, 2:4, :, 0] = 1
        labels[..., 1] = 1 - labels[..., 0]
        with h5py.File(folder / f"{stem}.hdf5", "w") as file:
            file[key] = images / np.float32(255) if stem == "T3-T6" else images
        with h5py.File(folder / f"{stem}_label.hdf5", "w") as file:
            file["label"] = labels
    return folder
