"""The shard format: one HDF5 file of samples, written once, checked for ever. See docs/format.md.

This is the only module that imports h5py.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_128

from fluorosynth.errors import BadDataError
from fluorosynth.sample import Device, Sample

FORMAT, FORMAT_VERSION = "fluorosynth-shard", "1.0"
LIBVER = "v108"  # the oldest whose own structures have checksums: HDF5 crashes on broken ones
BATCH = 64  # samples written at once: 8 MB at 256 px
_TEXT = h5py.string_dtype("utf-8")


@dataclass(frozen=True)
class ShardInfo:
    """What a shard says of itself.

    Parameters
    ----------
    recipe
        TOML text.
    seed, first, count
        The samples are ``first .. first + count - 1`` of ``seed``.
    size
        Side of the pictures in pixels.
    fingerprints
        The sources' fingerprints; with the recipe and the seed they determine every byte.
    software
        Versions of what made it, by name.
    """

    recipe: str
    seed: int
    first: int
    count: int
    size: int
    fingerprints: list[str]
    software: dict[str, str] = field(default_factory=dict)


def software() -> dict[str, str]:
    """Return the versions that can change a sample's bytes."""
    import cv2

    from fluorosynth import __version__

    return {
        "fluorosynth": __version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "scipy": version("scipy"),
        "h5py": h5py.__version__,
    }


def digest(sample: Sample, meta: bytes | None = None) -> str:
    """Return the XXH3-128 of everything a shard stores of a sample, 32 hexadecimal digits.

    ``meta`` is the provenance as stored; by default as it would be.
    """
    state = xxh3_128()
    for array in (sample.image, sample.mask):
        state.update(np.ascontiguousarray(array, np.uint8).data)
    for device in sample.devices:
        state.update(np.ascontiguousarray(device.centreline, np.float32).data)
        state.update(np.ascontiguousarray(device.width, np.float32).data)
        state.update(device.label.encode())
    state.update(_json(sample.meta).encode() if meta is None else meta)
    return state.hexdigest()


def write_shard(
    path: Path, info: ShardInfo, samples: Iterable[Sample], compression: str | None = None
) -> None:
    """Write a shard; ``path`` appears only when it is complete and on the disk.

    Parameters
    ----------
    path
        The final name; a hidden ``.part`` file beside it holds the work until then.
    samples
        Exactly ``info.count`` samples, taken in batches.
    compression
        None (contiguous: memory-mappable) or ``"gzip"``.

    Raises
    ------
    OSError
        When the disk is full or the folder cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with h5py.File(part, "w", libver=LIBVER) as file:
            _fill(file, info, samples, compression)
        with part.open("rb+") as handle:
            os.fsync(handle.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _fill(
    file: h5py.File, info: ShardInfo, samples: Iterable[Sample], compression: str | None
) -> None:
    for key, value in _attributes(info).items():
        file.attrs[key] = value
    shape = (info.count, info.size, info.size)
    chunks = None if compression is None else (1, info.size, info.size)
    layout = {"compression": compression, "chunks": chunks}
    images = file.create_dataset("images", shape, np.uint8, **layout)
    masks = file.create_dataset("masks", shape, np.uint8, **layout)
    columns = _Columns()
    image_batch, mask_batch = np.empty((2, min(BATCH, info.count), *shape[1:]), np.uint8)
    held = done = 0
    for sample in samples:
        if sample.mask is None:
            raise ValueError("a shard holds rendered samples")
        image_batch[held], mask_batch[held] = sample.image, sample.mask
        columns.add(sample)
        held += 1
        if held == len(image_batch) or done + held == info.count:
            images[done : done + held], masks[done : done + held] = (
                image_batch[:held],
                mask_batch[:held],
            )
            done, held = done + held, 0
    if done + held != info.count:
        raise ValueError(f"a shard of {info.count} samples got {done + held}")
    columns.write(file)


class _Columns:
    """What is ragged or small, gathered until the pictures are written."""

    def __init__(self) -> None:
        self.devices: list[Device] = []
        self.sample_offsets = [0]
        self.meta: list[str] = []
        self.checksums: list[str] = []

    def add(self, sample: Sample) -> None:
        self.devices += sample.devices
        self.sample_offsets.append(len(self.devices))
        self.meta.append(_json(sample.meta))
        self.checksums.append(digest(sample))

    def write(self, file: h5py.File) -> None:
        lengths = [len(device.centreline) for device in self.devices]
        nothing = np.empty((0, 2), np.float32)
        points = np.concatenate([nothing, *(d.centreline for d in self.devices)])
        widths = np.concatenate([nothing[:, 0], *(d.width for d in self.devices)])
        group = file.create_group("devices")
        group["points"] = points.astype(np.float32)
        group["widths"] = widths.astype(np.float32)
        group["point_offsets"] = np.cumsum([0, *lengths], dtype=np.int64)
        group["sample_offsets"] = np.array(self.sample_offsets, np.int64)
        group.create_dataset("labels", data=[d.label for d in self.devices], dtype=_TEXT)
        file.create_dataset("meta", data=self.meta, dtype=_TEXT)
        file["checksums"] = np.array(self.checksums, "S32")


class Shard:
    """An open shard.

    Examples
    --------
    Without this package: ``h5py.File(path)["images"][0]``, ``["masks"][0]``.
    """

    def __init__(self, path: Path, file: h5py.File) -> None:
        self.path = path
        self.info = _info(path, file)
        self.images = file["images"]
        self.masks = file["masks"]
        self._file = file
        expected = (self.info.count, self.info.size, self.info.size)
        for name, pictures in (("images", self.images), ("masks", self.masks)):
            if pictures.shape != expected or pictures.dtype != np.uint8:
                found = f"{pictures.shape} {pictures.dtype}"
                raise BadDataError(f"{path}: {name} are {found}, expected {expected} uint8")
        self._devices = {key: file["devices"][key] for key in ("points", "widths", "labels")}
        self._samples = file["devices/sample_offsets"][:]
        self._points = file["devices/point_offsets"][:]
        devices, points = len(self._devices["labels"]), len(self._devices["points"])
        if not (
            _partition(self._samples, self.info.count, devices)
            and _partition(self._points, devices, points)
        ):
            raise BadDataError(f"{path}: the offsets of its devices do not fit together")

    def sample(self, row: int) -> Sample:
        """Return the sample in ``row``, 0 <= row < count. Device ids are those of its meta."""
        meta = json.loads(self._file["meta"][row])
        first, last = (int(offset) for offset in self._samples[row : row + 2])
        ids = meta.get("devices", [""] * (last - first))
        devices = tuple(self._device(i, ids[i - first]) for i in range(first, last))
        return Sample(self.images[row], devices, meta, self.masks[row])

    def intact(self, row: int) -> bool:
        """Tell whether the bytes in ``row`` have the digest that was stored with them."""
        found = digest(self.sample(row), self._file["meta"][row])
        return bool(found == self._file["checksums"][row].decode())

    def _device(self, i: int, name: str) -> Device:
        span = slice(*self._points[i : i + 2])
        points, widths = self._devices["points"][span], self._devices["widths"][span]
        return Device(points, widths, self._devices["labels"][i].decode(), name)


@contextmanager
def open_shard(path: Path) -> Iterator[Shard]:
    """Open a shard for reading; BadDataError when it is missing, broken or no shard."""
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        reason = "does not exist" if not path.exists() else f"is no HDF5 file: {error}"
        raise BadDataError(f"{path} {reason}") from None
    with file:
        try:
            shard = Shard(path, file)
        except BadDataError:
            raise
        except Exception as error:  # on broken files h5py raises nearly everything
            raise BadDataError(f"{path} is no intact shard: {error}") from None
        yield shard


def damage(path: Path) -> Iterator[str]:
    """Yield one sentence for each sample whose bytes are not those that were written."""
    with open_shard(path) as shard:
        for row in range(shard.info.count):
            try:
                intact = shard.intact(row)
            except Exception as error:  # on broken files h5py raises nearly everything
                yield f"{path.name}: sample {shard.info.first + row} cannot be read: {error}"
            else:
                if not intact:
                    yield f"{path.name}: sample {shard.info.first + row} fails its checksum"


def file_digest(path: Path) -> str:
    """Return the XXH3-128 of a whole file, 32 hexadecimal digits."""
    state = xxh3_128()
    with path.open("rb") as handle:
        while block := handle.read(1 << 22):
            state.update(block)
    return state.hexdigest()


def _partition(offsets: NDArray[np.int64], parts: int, end: int) -> bool:
    """Tell whether offsets cut ``0 .. end`` into so many parts."""
    if offsets.shape != (parts + 1,) or offsets[0] != 0 or offsets[-1] != end:
        return False
    return bool((offsets[1:] >= offsets[:-1]).all())


def _attributes(info: ShardInfo) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "recipe": info.recipe,
        "seed": np.uint64(info.seed),
        "first_index": np.int64(info.first),
        "count": np.int64(info.count),
        "size": np.int64(info.size),
        "fingerprints": json.dumps(info.fingerprints),
        "software": _json(info.software),
    }


def _info(path: Path, file: h5py.File) -> ShardInfo:
    attributes = file.attrs
    if attributes.get("format") != FORMAT:
        raise BadDataError(f"{path} is an HDF5 file but no {FORMAT}")
    if str(attributes["format_version"]).partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise BadDataError(
            f"{path} has format version {attributes['format_version']}; this is {FORMAT_VERSION}"
        )
    return ShardInfo(
        str(attributes["recipe"]),
        int(attributes["seed"]),
        int(attributes["first_index"]),
        int(attributes["count"]),
        int(attributes["size"]),
        json.loads(attributes["fingerprints"]),
        json.loads(attributes["software"]),
    )


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
