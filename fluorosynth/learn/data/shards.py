"""Generated shards, mapped into memory."""

from __future__ import annotations

import os
import warnings
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

from fluorosynth.dataset.manifest import Manifest, open_entry, read_manifest
from fluorosynth.dataset.verification import verify
from fluorosynth.errors import BadDataError, DataWarning
from fluorosynth.io.object_cache import bytes_kept
from fluorosynth.io.place import url_of
from fluorosynth.learn.data.base import LabelledDataset
from fluorosynth.learn.data.recipe import recipe_hash
from fluorosynth.sample import Image, Mask
from fluorosynth.shards import Shard, ShardInfo, damage, open_shard


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
        Generated set (a folder with its ``dataset.json``, or its URL in object storage, whose
        shards are fetched as they are asked for) or one shard.

    Raises
    ------
    BadDataError
        When the set is not complete, a shard is not intact, or they differ in size.
    """

    def __init__(self, source: str | Path) -> None:
        url = url_of(source)
        self._remote, self._file = url is not None, Path(source)
        self._source = url or self._file
        whole = self._remote or self._file.is_dir()
        self._set = read_manifest(self._source) if whole else None
        if self._remote:
            _warn_of_little_room(self._source, self._set)
        self._places: list[_Place | None] = []
        counts, shape, described = list[int](), tuple[int, ...](), xxh3_128()
        for info, place in self._shards():
            self._places.append(place)
            counts.append(info.count)
            described.update(repr((info.recipe, info.seed, info.first, info.count)).encode())
            described.update(repr(info.fingerprints).encode())
            shape = shape or info.shape[1:]
            if info.shape[1:] != shape:
                raise BadDataError(f"{source} holds pictures of several sizes")
        self.sequence_length = info.frames
        self.fingerprint, self.recipe = described.hexdigest(), recipe_hash(info.recipe)
        self._starts = [0, *accumulate(counts)]
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
        if self._remote:
            return  # each shard is compared when it is fetched
        found: Iterable[tuple[str, Iterable[str]]]
        if self._set is None:
            found = [(self._file.name, damage(self._file))]
        else:
            found = verify(self._source)
        bar = tqdm(found, "checking", len(self._places), unit="shard", leave=False, disable=quiet)
        for _, problems in bar:
            for problem in problems:
                raise BadDataError(f"{self._source}: {problem}")

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_process": -1, "_arrays": [], "_files": {}}

    def _close(self) -> None:
        self._process = os.getpid()
        self._arrays: list[tuple[Any, Any] | None] = [None] * len(self._places)
        self._files: dict[int, tuple[Path, ExitStack]] = {}

    def _open(self, number: int) -> tuple[Any, Any]:
        while True:
            try:
                arrays, file = self._opened(number)
                break
            except FileNotFoundError:  # it gave way in the cache before it was mapped
                if not self._remote:
                    raise
        if self._remote:
            self._let_go()
        self._arrays[number], self._files[number] = arrays, file
        return arrays

    def _opened(self, number: int) -> tuple[tuple[Any, Any], tuple[Path, ExitStack]]:
        """Return the arrays of a shard, its file, and what closes it."""
        with ExitStack() as file:
            place = self._places[number]
            if place is None or place.offsets is None:
                shard = file.enter_context(self._shard(number))
                place = _locate(shard)
                if place.offsets is None:
                    return (shard.images, shard.masks), (place.path, file.pop_all())
            images, masks = (_map(place, offset) for offset in place.offsets)
            return (images, masks), (place.path, ExitStack())

    def _let_go(self) -> None:
        """Close the shards that gave way in the cache: while they are open they take room."""
        for number in [n for n, (path, _) in self._files.items() if not path.exists()]:
            self._arrays[number] = None
            self._files.pop(number)[1].close()

    def _shards(self) -> Iterator[tuple[ShardInfo, _Place | None]]:
        """Yield what is known of the shards, and where they lie; of remote ones, not yet."""
        if self._set is None:
            with open_shard(self._file) as shard:
                yield shard.info, _locate(shard)
            return
        for entry in self._set.shards:
            if self._remote:
                m = self._set
                yield (
                    ShardInfo(
                        m.recipe,
                        m.seed,
                        entry.first,
                        entry.count,
                        m.size,
                        m.fingerprints,
                        m.software,
                        m.frames,
                    ),
                    None,
                )
            else:
                with open_entry(self._source, self._set, entry) as shard:
                    yield shard.info, _locate(shard)

    def _shard(self, number: int) -> AbstractContextManager[Shard]:
        """Open a shard; a remote one is fetched, which others may have let go meanwhile."""
        if (place := self._places[number]) is not None:
            return open_shard(place.path)
        assert self._set is not None  # noqa: S101 - for the type checker
        return open_entry(self._source, self._set, self._set.shards[number])


def _warn_of_little_room(url: str | Path, found: Manifest | None) -> None:
    """Warn of a set that the cache cannot hold: items are read in any order, again and again."""
    assert found is not None  # noqa: S101 - for the type checker
    total = sum(entry.bytes for entry in found.shards)
    room = bytes_kept()
    if total > room:
        warnings.warn(
            f"{url} has {total / 1e6:.0f} MB, of which {room / 1e6:.0f} are kept on this machine: "
            f"{1 - room / total:.0%} of what is read in any order comes with a whole shard over "
            "the network; set FLUOROSYNTH_OBJECTS_MB to more than the set, or copy it to a disk",
            DataWarning,
            stacklevel=4,
        )


def _locate(shard: Shard) -> _Place:
    images, path = shard.images, shard.path
    offsets = images.id.get_offset(), shard.masks.id.get_offset()
    if None in offsets:
        return _Place(path, images.shape, None)
    end, size = max(offsets) + int(np.prod(images.shape)), path.stat().st_size
    if end > size:
        raise BadDataError(f"{path} is cut short: {size} bytes of at least {end}")
    return _Place(path, images.shape, offsets)


def _map(place: _Place, offset: int) -> Image:
    # Copy on write: PyTorch warns about arrays that it could not write to.
    return np.asarray(np.memmap(place.path, np.uint8, "c", offset, place.shape))
