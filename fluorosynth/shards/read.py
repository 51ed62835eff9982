"""Reading a shard, from this package or from a stranger."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise, product
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.sample import Device, Sample
from fluorosynth.shards.info import digest, is_fixed, read_info

AT_ONCE = 32  # pictures that are read at once to be checked


class Shard:
    """An open shard.

    Parameters
    ----------
    path
        File of the shard, for messages.
    file
        File open for reading.

    Examples
    --------
    Without this package: ``h5py.File(path)["images"][0]``, ``["masks"][0]``.
    """

    def __init__(self, path: Path, file: h5py.File) -> None:
        self.path = path
        self.info = read_info(path, file)
        self.images = file["images"]
        self.masks = file["masks"]
        self._file = file
        expected = self.info.shape
        for name, pictures in (("images", self.images), ("masks", self.masks)):
            if pictures.shape != expected or pictures.dtype != np.uint8:
                found = f"{pictures.shape} {pictures.dtype}"
                raise BadDataError(f"{path}: {name} are {found}, expected {expected} uint8")
        self._devices = {key: file["devices"][key] for key in ("points", "widths", "labels")}
        for name in ("meta", "devices/labels"):
            if not is_fixed(file[name].dtype):
                raise BadDataError(f"{path}: {name} are no strings of fixed length")
        self._samples = file["devices/sample_offsets"][:]
        self._points = file["devices/point_offsets"][:]
        devices, points = len(self._devices["labels"]), len(self._devices["points"])
        if not (
            _partition(self._samples, self.info.count * self.info.frames, devices)
            and _partition(self._points, devices, points)
        ):
            raise BadDataError(f"{path}: the offsets of its devices do not fit together")

    def sample(self, row: int, frame: int = 0) -> Sample:
        """Return a frame of a sample; its meta names its devices.

        Parameters
        ----------
        row
            Row of the sample, 0 <= row < count.
        frame
            Number of the frame, 0 <= frame < frames.

        Raises
        ------
        BadDataError
            When its bytes are not those that were written.
        """
        name = f"{self.path}: sample {self.info.first + row}"
        name += f" frame {frame}" if self.info.frames > 1 else ""
        try:
            sample, meta = self._read(row, frame)
            intact = self._digest(row, frame) == digest(sample, meta)
        except Exception as error:  # on broken files h5py raises nearly everything
            reason = " ".join(str(error).split())
            raise BadDataError(f"{name} cannot be read: {reason}") from None
        if not intact:
            raise BadDataError(f"{name} fails its checksum")
        return sample

    def intact(self, rows: range) -> bool:
        """Tell whether all bytes of samples are those that were written.

        Parameters
        ----------
        rows
            Rows of the samples, read at once: a sixth of the time that reading each takes.
        """
        frames, size = self.info.frames, self.info.size
        flat = slice(rows.start * frames, rows.stop * frames)
        offsets = self._samples[flat.start : flat.stop + 1]
        ends = self._points[offsets[0] : offsets[-1] + 1]
        span = slice(ends[0], ends[-1])
        try:
            images, masks = (
                data[rows.start : rows.stop].reshape(-1, size, size)
                for data in (self.images, self.masks)
            )
            points, widths = self._devices["points"][span], self._devices["widths"][span]
            labels = self._devices["labels"][offsets[0] : offsets[-1]]
            texts, digests = self._file["meta"][flat], self._file["checksums"][flat]
            devices = [
                Device(points[a:b], widths[a:b], label.decode())
                for (a, b), label in zip(pairwise(ends - ends[0]), labels, strict=True)
            ]
            found = [
                digest(Sample(images[k], tuple(devices[a:b]), {}, masks[k]), bytes(texts[k]))
                for k, (a, b) in enumerate(pairwise(offsets - offsets[0]))
            ]
            return found == [text.decode() for text in digests]
        except Exception:  # on broken files h5py raises nearly everything
            return False

    def _read(self, row: int, frame: int) -> tuple[Sample, bytes]:
        """Return a frame and its provenance as stored, unchecked."""
        place, at = self._place(row, frame)
        text = bytes(self._file["meta"][at])
        meta = json.loads(text)
        first, last = (int(offset) for offset in self._samples[at : at + 2])
        ids = [*meta.get("devices", ()), *[""] * (last - first)]
        devices = tuple(self._device(i, ids[i - first]) for i in range(first, last))
        return Sample(self.images[place], devices, meta, self.masks[place]), text

    def _digest(self, row: int, frame: int) -> str:
        """Return the digest that was stored with a frame."""
        text: str = self._file["checksums"][self._place(row, frame)[1]].decode()
        return text

    def _place(self, row: int, frame: int) -> tuple[int | tuple[int, int], int]:
        """Return where a frame lies among the pictures, and in all else, which is flat."""
        frames = self.info.frames
        return row if frames == 1 else (row, frame), row * frames + frame

    def _device(self, i: int, name: str) -> Device:
        span = slice(*self._points[i : i + 2])
        points, widths = self._devices["points"][span], self._devices["widths"][span]
        return Device(points, widths, self._devices["labels"][i].decode(), name)


@contextmanager
def open_shard(path: Path) -> Iterator[Shard]:
    """Open a shard for reading.

    Parameters
    ----------
    path
        File of the shard.

    Raises
    ------
    BadDataError
        When it is missing, broken or no shard.
    """
    try:
        # A finished shard never changes: who else has it open, and how, does not matter
        file = h5py.File(path, "r", locking=False)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "is no HDF5 file, or cut short"
        if not path.exists():
            reason = "does not exist"
        raise BadDataError(f"{path} {reason}") from (error if error.errno else None)
    with file:
        try:
            shard = Shard(path, file)
        except BadDataError:
            raise
        except Exception as error:  # on broken files h5py raises nearly everything
            raise BadDataError(f"{path} is no intact shard: {error}") from None
        yield shard


def damage(path: Path) -> Iterator[str]:
    """Yield one sentence for each sample whose bytes are not those that were written.

    Parameters
    ----------
    path
        File of the shard.
    """
    with open_shard(path) as shard:
        frames, count = shard.info.frames, shard.info.count
        step = max(AT_ONCE // frames, 1)
        for first in range(0, count, step):
            rows = range(first, min(first + step, count))
            for row, frame in () if shard.intact(rows) else product(rows, range(frames)):
                try:
                    shard.sample(row, frame)
                except BadDataError as error:
                    yield str(error)


def _partition(offsets: NDArray[np.int64], parts: int, end: int) -> bool:
    """Tell whether offsets cut ``0 .. end`` into so many parts."""
    if offsets.shape != (parts + 1,) or offsets[0] != 0 or offsets[-1] != end:
        return False
    return bool((offsets[1:] >= offsets[:-1]).all())
