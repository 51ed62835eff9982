"""A finished set: its manifest ``dataset.json``, and the samples that it lists."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, model_validator

from fluorosynth.dataset.store import open_store
from fluorosynth.dataset.virtual import virtual_set
from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.guard import validated
from fluorosynth.io.place import url_of
from fluorosynth.sample import Sample
from fluorosynth.shards import Shard, ShardInfo

MANIFEST, PREVIEW = "dataset.json", "preview.png"
VERSION, SEQUENCES_VERSION = "1.0", "2.0"


class ShardEntry(BaseModel):
    """A shard of the set.

    Parameters
    ----------
    file
        Name of the file.
    first
        Index of its first sample.
    count
        Number of its samples.
    bytes
        Length of the file.
    xxh3_128
        Digest of the file, 32 hexadecimal digits.
    """

    file: Annotated[str, Field(pattern=r"^shard-\d+\.h5$")]
    first: int
    count: int
    bytes: int
    xxh3_128: str


class Manifest(BaseModel):
    """What ``dataset.json`` holds.

    Parameters
    ----------
    format
        Name of the format.
    format_version
        Version of the format.
    n
        Number of samples.
    frames
        Number of pictures of each sample.
    size
        Side of the pictures, px.
    seed
        Seed of all samples.
    recipe
        Recipe as TOML.
    fingerprints
        Fingerprints of the sources, in the recipe's order.
    software
        Versions of what made it, by name.
    shards
        Entries of the shards, in order.
    """

    format: str = "fluorosynth-dataset"
    format_version: str = VERSION
    n: int
    frames: Annotated[int, Field(ge=1)] = 1
    size: int
    seed: int
    recipe: str
    fingerprints: list[str]
    software: dict[str, str]
    shards: list[ShardEntry]

    @model_validator(mode="after")
    def _adds_up(self) -> Manifest:
        """Check that the shards hold samples 0 to n - 1, in order."""
        first = 0
        for entry in self.shards:
            if entry.first != first or entry.count < 1:
                raise ValueError(
                    f"{entry.file} is said to hold {entry.count} samples from {entry.first} on; "
                    f"the shards before it end at {first}"
                )
            first += entry.count
        if first != self.n:
            raise ValueError(f"the shards hold {first} samples, and n says {self.n}")
        return self


def read_manifest(folder: str | Path) -> Manifest:
    """Read the manifest of a set, ``dataset.json``.

    Parameters
    ----------
    folder
        Folder of the set, or its URL in object storage.

    Raises
    ------
    BadDataError
        When there is none or it is not one.
    """
    content = manifest_bytes(folder)
    with validated(f"{inside(folder, MANIFEST)} is no manifest"):
        return Manifest.model_validate_json(content)


def manifest_bytes(folder: str | Path) -> bytes:
    """Return the bytes of a set's manifest.

    Parameters
    ----------
    folder
        Folder of the set, or its URL in object storage.

    Raises
    ------
    BadDataError
        When there is none.
    """
    if virtual_set(folder):
        raise UsageError(f"{folder} is a virtual set: no file of it lies anywhere")
    if url_of(folder) is None and Path(folder).is_file():
        raise UsageError(
            f"{folder} is a file: a set is a folder, a URL, or a virtual one; of a recipe name "
            f"seed and range too, as in {folder}@0[0:9000]"
        )
    store = open_store(folder)
    try:
        return store.read(MANIFEST)
    except (FileNotFoundError, NotADirectoryError):
        reason = "the set is not complete: run its generate command again"
        reason = reason if store.shards() else "missing"
        raise BadDataError(f"{inside(folder, MANIFEST)}: {reason}") from None
    except OSError as error:  # it may be there, and whole
        reason = error.strerror or str(error)
        raise BadDataError(f"{inside(folder, MANIFEST)} cannot be read: {reason}") from None


def inside(folder: str | Path, name: str) -> str:
    """Return the path or URL of a file of a set.

    Parameters
    ----------
    folder
        Folder of the set, or its URL in object storage.
    name
        Name of the file.
    """
    url = url_of(folder)
    return str(Path(folder) / name) if url is None else f"{url}/{name}"


@contextmanager
def open_entry(folder: str | Path, manifest: Manifest, entry: ShardEntry) -> Iterator[Shard]:
    """Open a shard of a set.

    Parameters
    ----------
    folder
        Folder of the set.
    manifest
        Manifest of the set.
    entry
        Entry of the shard in it.

    Raises
    ------
    BadDataError
        When the file is not what the manifest says it is.
    """
    with open_store(folder).opened(entry) as shard:
        for difference in differences(shard.info, manifest, entry):
            raise BadDataError(f"{inside(folder, entry.file)}: {difference}")
        yield shard


def differences(info: ShardInfo, manifest: Manifest, entry: ShardEntry) -> list[str]:
    """Return what a shard says of itself and its manifest says otherwise.

    Parameters
    ----------
    info
        Header of the shard.
    manifest
        Manifest of the set.
    entry
        Entry of the shard in it.
    """
    claims = {
        "first index": (info.first, entry.first),
        "number of samples": (info.count, entry.count),
        "size": (info.size, manifest.size),
        "frames": (info.frames, manifest.frames),
        "seed": (info.seed, manifest.seed),
        "recipe": (info.recipe, manifest.recipe),
        "fingerprints": (info.fingerprints, manifest.fingerprints),
    }
    return [
        f"its {what} is not that of {MANIFEST}"
        + ("" if what == "recipe" else f" ({there} there, {said} here)")
        for what, (there, said) in claims.items()
        if there != said
    ]


def read_samples(folder: str | Path, limit: int | None = None) -> Iterator[tuple[int, Sample]]:
    """Yield index and sample of a set, in order.

    Where samples are sequences, each frame comes by itself, with its number in ``meta["frame"]``.

    Parameters
    ----------
    folder
        Folder of the set, its URL, or the name of a virtual one.
    limit
        Number of samples at most; None: all.
    """
    if virtual := virtual_set(folder):
        yield from virtual.samples(limit)
        return
    manifest = read_manifest(folder)
    left = manifest.n if limit is None else limit
    for entry in manifest.shards:
        with open_entry(folder, manifest, entry) as shard:
            for row in range(min(entry.count, left)):
                for frame in range(shard.info.frames):
                    yield entry.first + row, shard.sample(row, frame)
        left -= entry.count
        if left <= 0:
            return
