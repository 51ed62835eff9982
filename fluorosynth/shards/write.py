"""Writing a shard: once, whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

import h5py
import numpy as np

from fluorosynth.io.atomic import replacing
from fluorosynth.sample import Device, Sample
from fluorosynth.shards.info import ShardInfo, digest, fixed, to_json, write_info

LIBVER = "v108"  # the oldest whose own structures have checksums: HDF5 crashes on broken ones
BYTES_PER_PICTURE = 16384  # ample, beside the pixels: curves, provenance, checksum
BATCH = 32  # samples written at once: 4 MB at 256 px
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_shard(
    path: Path, info: ShardInfo, samples: Iterable[Sample], compression: str | None = None
) -> None:
    """Write a shard; ``path`` appears only when it is complete and on the disk.

    Parameters
    ----------
    path
        Name of the finished file; a hidden ``.part`` file beside it holds the work until then.
    info
        Facts on the shard, stored with it.
    samples
        Samples, exactly ``info.count``, taken in batches; of sequences all frames, one by one.
    compression
        Name of the compression, ``"gzip"``; None: contiguous and memory-mappable.

    Raises
    ------
    OSError
        When the disk is full or the folder cannot be written.
    """
    room = info.count * info.frames * (2 * info.size**2 + BYTES_PER_PICTURE)
    with replacing(path, mark=f".{secrets.token_hex(4)}") as part:
        _reserve(part, room)
        with h5py.File(part, "w", libver=LIBVER) as file:
            _reserve(part, room)  # opening has given it back
            _fill(file, info, samples, compression)
        with h5py.File(part, "r+", libver=LIBVER):
            pass  # only a file opened so long is cut to its length


def _reserve(path: Path, size: int) -> None:
    """Claim room on the disk: OSError now, where HDF5 would crash the process later."""
    if not hasattr(os, "posix_fallocate"):
        return
    with path.open("ab") as handle:
        try:
            os.posix_fallocate(handle.fileno(), 0, size)
        except OSError as error:  # a file system may also not know how to
            if error.errno in FULL:
                raise


def _fill(
    file: h5py.File, info: ShardInfo, samples: Iterable[Sample], compression: str | None
) -> None:
    write_info(file, info)
    shape, total = info.shape, info.count * info.frames
    chunks = None if compression is None else (1,) * (len(shape) - 2) + shape[-2:]
    layout = {"compression": compression, "chunks": chunks}
    images = file.create_dataset("images", shape, np.uint8, **layout)
    masks = file.create_dataset("masks", shape, np.uint8, **layout)
    columns = _Columns()
    batch = min(max(BATCH // info.frames, 1), info.count) * info.frames
    image_batch, mask_batch = np.empty((2, batch, info.size, info.size), np.uint8)
    held = done = 0
    for sample in samples:
        if sample.mask is None:
            raise ValueError("a shard holds rendered samples")
        image_batch[held], mask_batch[held] = sample.image, sample.mask
        columns.add(sample)
        held += 1
        if held == batch or done + held == total:
            rows = slice(done // info.frames, (done + held) // info.frames)
            for data, pictures in ((images, image_batch), (masks, mask_batch)):
                data[rows] = pictures[:held].reshape(-1, *shape[1:])
                _begin_sync(data, rows)
            done, held = done + held, 0
    if done + held != total:
        raise ValueError(f"a shard of {total} samples got {done + held}")
    columns.write(file)


def _begin_sync(data: h5py.Dataset, rows: slice) -> None:
    """Let the disk begin with rows: else it rests until all are made, and is waited for then."""
    start = data.id.get_offset()  # None where they are compressed
    if start is not None and hasattr(os, "posix_fadvise"):
        handle, row = data.file.id.get_vfd_handle(), data.nbytes // len(data)
        length = (rows.stop - rows.start) * row
        os.posix_fadvise(handle, start + rows.start * row, length, os.POSIX_FADV_DONTNEED)


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
        self.meta.append(to_json(sample.meta))
        self.checksums.append(digest(sample, self.meta[-1].encode()))

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
        group["labels"] = fixed([device.label for device in self.devices])
        file["meta"] = fixed(self.meta)
        file["checksums"] = np.array(self.checksums, "S32")
