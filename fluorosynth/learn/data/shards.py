"""Generated shards, mapped into memory."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm
from xxhash import xxh3_128

from fluorosynth.dataset.manifest import open_entry, read_manifest, verify
from fluorosynth.errors import BadDataError
from fluorosynth.learn.data.base import LabelledDataset
from fluorosynth.learn.data.recipe import recipe_hash
from fluorosynth.sample import Image, Mask
from fluorosynth.shards import Shard, damage, open_shard


@dataclass(frozen=True)
class _Place:
    """Where a shard's arrays lie: ``offsets`` in bytes, or None for a compressed shard."""

    path: Path
    shape: tuple[int, ...]
    offsets: tuple[int, int] | None


class ShardDataset(LabelledDataset):
    """All pictures of one or many shards, without copying: of sequences every frame, in order.

    Frames of a sequence share their ``sequence``, so that ``Windows`` gives a network of several
    channels each frame with those before it.

    Items are views into the mapped file (private to the process, so that writing to one changes no
    file); compressed shards are read through h5py. Nothing is open until the first item is read in
    a process.

    Parameters
    ----------
    source
        Generated set (a folder with its ``dataset.json``) or one shard.

    Raises
    ------
    BadDataError
        When the set is not complete, a shard is not intact, or they differ in size.
    """

    def __init__(self, source: str | Path) -> None:
        self._source = source = Path(source)
        self._places, described = [], xxh3_128()
        for opened in _shards(source):
            with opened as shard:
                path = shard.path
                self._places.append(_locate(path, shard.images, shard.masks))
                info = shard.info
            described.update(repr((info.recipe, info.seed, info.first, info.count)).encode())
            described.update(repr(info.fingerprints).encode())
            self.sequence_length = info.frames
            if self._places[-1].shape[1:] != self._places[0].shape[1:]:
                raise BadDataError(f"{path} holds pictures of another size than the first shard")
        self.fingerprint, self.recipe = described.hexdigest(), recipe_hash(info.recipe)
        self._starts = [0, *accumulate(place.shape[0] for place in self._places)]
        self._close()

    def __len__(self) -> int:
        return self._starts[-1] * self.sequence_length

    def __getitem__(self, index: int) -> tuple[Image, Mask]:
        self._check(index)
        if self._process != os.getpid():  # HDF5 handles do not survive a fork
            self._close()
        sequence, frame = divmod(index, self.sequence_length)
        number = bisect_right(self._starts, sequence) - 1
        images, masks = self._arrays[number] or self._open(number)
        row = sequence - self._starts[number]
        place = row if self.sequence_length == 1 else (row, frame)
        return images[place], masks[place]

    def sequence(self, index: int) -> str:
        """Return the sequence that a frame belongs to; pictures that stand alone are all of one."""
        return (
            super().sequence(index)
            if self.sequence_length == 1
            else f"{index // self.sequence_length:06d}"
        )

    def name(self, index: int) -> str:
        """Return the item's name: of a frame its number."""
        return f"{index % self.sequence_length if self.sequence_length > 1 else index:06d}"

    def verify(self, quiet: bool = True) -> None:
        """Compare every byte with its checksum; BadDataError names the first that differs."""
        found: Iterable[tuple[str, Iterable[str]]] = [(self._source.name, damage(self._source))]
        if self._source.is_dir():
            found = verify(self._source)
        bar = tqdm(found, "checking", len(self._places), unit="shard", leave=False, disable=quiet)
        for _, problems in bar:
            for problem in problems:
                raise BadDataError(f"{self._source}: {problem}")

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_process": -1, "_arrays": [], "_files": None}

    def _close(self) -> None:
        self._process = os.getpid()
        self._arrays: list[tuple[Any, Any] | None] = [None] * len(self._places)
        self._files = ExitStack()

    def _open(self, number: int) -> tuple[Any, Any]:
        place = self._places[number]
        if place.offsets is None:
            shard = self._files.enter_context(open_shard(place.path))
            arrays = shard.images, shard.masks
        else:
            arrays = _map(place, place.offsets[0]), _map(place, place.offsets[1])
        self._arrays[number] = arrays
        return arrays


def _shards(source: Path) -> Iterator[AbstractContextManager[Shard]]:
    """Return what opens the shards of a set, checked against its manifest, or a single one."""
    if not source.is_dir():
        return iter([open_shard(source)])
    manifest = read_manifest(source)
    return (open_entry(source, manifest, entry) for entry in manifest.shards)


def _locate(path: Path, images: Any, masks: Any) -> _Place:
    offsets = images.id.get_offset(), masks.id.get_offset()
    if None in offsets:
        return _Place(path, images.shape, None)
    end, size = max(offsets) + int(np.prod(images.shape)), path.stat().st_size
    if end > size:
        raise BadDataError(f"{path} is cut short: {size} bytes of at least {end}")
    return _Place(path, images.shape, offsets)


def _map(place: _Place, offset: int) -> Image:
    # Copy on write: PyTorch warns about arrays that it could not write to.
    return np.asarray(np.memmap(place.path, np.uint8, "c", offset, place.shape))
