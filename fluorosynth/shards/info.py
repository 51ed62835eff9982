"""What a shard says of itself, and the digests that its bytes are checked by."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_128

from fluorosynth.errors import BadDataError
from fluorosynth.sample import Sample

FORMAT, FORMAT_VERSION = "fluorosynth-shard", "1.0"
SEQUENCES_VERSION = "2.0"  # of shards whose samples are sequences of frames
MAJORS = ("1", "2")  # that are read


@dataclass(frozen=True)
class ShardInfo:
    """What a shard says of itself.

    Parameters
    ----------
    recipe
        Recipe as TOML.
    seed
        Seed of all samples.
    first
        Index of the first sample.
    count
        Number of samples.
    size
        Side of the pictures, px.
    fingerprints
        Fingerprints of the sources; with the recipe and the seed they determine every byte.
    software
        Versions of what made it, by name.
    frames
        Number of pictures of each sample.
    """

    recipe: str
    seed: int
    first: int
    count: int
    size: int
    fingerprints: list[str]
    software: dict[str, str] = field(default_factory=dict)
    frames: int = 1

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of ``images`` and ``masks``: a time axis where samples are sequences."""
        time = () if self.frames == 1 else (self.frames,)
        return (self.count, *time, self.size, self.size)


def software() -> dict[str, str]:
    """Return the versions that can change a sample's bytes."""
    return dict(_software())


@lru_cache(maxsize=1)
def _software() -> dict[str, str]:
    """Look them up once: finding one reads a file of its package."""
    import cv2

    from fluorosynth.version import __version__

    return {
        "fluorosynth": __version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "scipy": version("scipy"),
        "h5py": h5py.__version__,
    }


def digest(sample: Sample, meta: bytes | None = None) -> str:
    """Return the XXH3-128 of everything a shard stores of a sample, 32 hexadecimal digits.

    Parameters
    ----------
    sample
        Sample with its mask.
    meta
        Provenance as stored; None: as it would be.
    """
    state = xxh3_128()
    for array in (sample.image, sample.mask):
        state.update(np.ascontiguousarray(array, np.uint8).data)
    for device in sample.devices:
        state.update(np.ascontiguousarray(device.centreline, np.float32).data)
        state.update(np.ascontiguousarray(device.width, np.float32).data)
        state.update(device.label.encode())
    state.update(to_json(sample.meta).encode() if meta is None else meta)
    return state.hexdigest()


def file_digest(path: Path) -> str:
    """Return the XXH3-128 of a whole file, 32 hexadecimal digits.

    Parameters
    ----------
    path
        File to read.
    """
    state = xxh3_128()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            state.update(block)
    return state.hexdigest()


def write_info(file: h5py.File, info: ShardInfo) -> None:
    """Store what a shard says of itself as the attributes of its file.

    Parameters
    ----------
    file
        Shard, open for writing.
    info
        Facts to store.
    """
    texts = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION if info.frames == 1 else SEQUENCES_VERSION,
        "recipe": info.recipe,
        "fingerprints": json.dumps(info.fingerprints),
        "software": to_json(info.software),
    }
    numbers = {
        "seed": np.uint64(info.seed),
        "first_index": np.int64(info.first),
        "count": np.int64(info.count),
        "size": np.int64(info.size),
    }
    file.attrs.update({**{key: fixed([text])[0] for key, text in texts.items()}, **numbers})
    if info.frames > 1:
        file.attrs["frames"] = np.int64(info.frames)


def read_info(path: Path, file: h5py.File) -> ShardInfo:
    """Return what a shard says of itself.

    Parameters
    ----------
    path
        File of the shard, for the message.
    file
        Shard, open for reading.

    Raises
    ------
    BadDataError
        When it is none of ours.
    """
    attributes = file.attrs
    if "format" not in attributes or _text(attributes, "format") != FORMAT:
        raise BadDataError(f"{path} is an HDF5 file but no {FORMAT}")
    written = _text(attributes, "format_version")
    major = written.partition(".")[0]
    if major not in MAJORS:
        known = f"{FORMAT_VERSION}, or {SEQUENCES_VERSION} for sequences"
        raise BadDataError(f"{path} has format version {written}; this is {known}")
    frames = int(attributes["frames"]) if major == "2" else 1
    if major == "2" and frames < 2:
        raise BadDataError(f"{path} says that its sequences have {frames} frames")
    return ShardInfo(
        _text(attributes, "recipe"),
        int(attributes["seed"]),
        int(attributes["first_index"]),
        int(attributes["count"]),
        int(attributes["size"]),
        json.loads(_text(attributes, "fingerprints")),
        json.loads(_text(attributes, "software")),
        frames,
    )


def fixed(texts: Sequence[str]) -> NDArray[np.bytes_]:
    """Return texts as HDF5 strings of one length, padded with zero bytes.

    HDF5 keeps strings of any length in a heap without checksums, where one flipped bit can make
    it loop for ever; these lie in the data and in the header like numbers.

    Parameters
    ----------
    texts
        Texts to store.
    """
    encoded = [text.encode() for text in texts]
    length = max([1, *map(len, encoded)])
    return np.array(encoded, h5py.string_dtype("utf-8", length))


def is_fixed(dtype: np.dtype[Any]) -> bool:
    """Tell whether an HDF5 type is that of strings of one length.

    Parameters
    ----------
    dtype
        Type of the data set or attribute.
    """
    text = h5py.check_string_dtype(dtype)
    return text is not None and text.length is not None


def _text(attributes: h5py.AttributeManager, key: str) -> str:
    if not is_fixed(attributes.get_id(key).dtype):  # asked before anything is read
        raise ValueError(f"its attribute {key!r} is no string of fixed length")
    return bytes(attributes[key]).decode()


def to_json(value: object) -> str:
    """Return the one JSON text of a value: sorted keys, no NaN.

    Parameters
    ----------
    value
        Value of dicts, lists and scalars.
    """
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
