"""A finished set: its manifest ``dataset.json`` and the card ``README.md`` that people read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, Field, model_validator

from fluorosynth.dataset.store import open_store
from fluorosynth.dataset.virtual import virtual_set
from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.guard import validated
from fluorosynth.io.place import url_of
from fluorosynth.sample import Sample
from fluorosynth.shards import (
    Shard,
    ShardInfo,
    damage,
    digest,
    file_digest,
    open_shard,
    software,
)

if TYPE_CHECKING:
    from fluorosynth.dataset.plan import Plan
    from fluorosynth.sampler import OpenRecipe

MANIFEST, CARD, PREVIEW = "dataset.json", "README.md", "preview.png"
_SHOWN = 16  # pictures in the preview
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
    store = open_store(folder)
    try:
        return store.read(MANIFEST)
    except OSError:
        reason = "the set is not complete: run its generate command again"
        reason = reason if store.shards() else "missing"
        raise BadDataError(f"{inside(folder, MANIFEST)}: {reason}") from None


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
    with open_shard(open_store(folder).file(entry)) as shard:
        for difference in _differences(shard.info, manifest, entry):
            raise BadDataError(f"{inside(folder, entry.file)}: {difference}")
        yield shard


def _differences(info: ShardInfo, manifest: Manifest, entry: ShardEntry) -> list[str]:
    """Return what a shard says of itself and its manifest says otherwise."""
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


def verify(folder: str | Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each shard's name with what is wrong with it (nothing, when intact).

    Parameters
    ----------
    folder
        Folder of the set.
    """
    manifest, store = read_manifest(folder), open_store(folder)
    for entry in manifest.shards:
        with store.fresh(entry.file) as path:
            yield entry.file, _problems(path, manifest, entry)


def _problems(path: Path | None, manifest: Manifest, entry: ShardEntry) -> list[str]:
    """Return what is wrong with a file that should be a shard of a set."""
    if path is None:
        return [f"{entry.file} is missing"]
    try:
        if path.stat().st_size != entry.bytes or file_digest(path) != entry.xxh3_128:
            said = f"{entry.file} is not the file that was written (checksum differs)"
            return [said, *damage(path)]
        with open_shard(path) as shard:
            return _differences(shard.info, manifest, entry)
    except BadDataError as error:
        return [str(error)]


def verify_deep(folder: str | Path, sampler: OpenRecipe) -> Iterator[tuple[int, bool]]:
    """Make every sample again; yield its index and whether its bytes are those in the set.

    Parameters
    ----------
    folder
        Folder of the set.
    sampler
        Recipe of the set, opened with its seed.
    """
    for index, frames in groupby(read_samples(folder), key=itemgetter(0)):
        stored = [digest(sample) for _, sample in frames]
        yield index, [digest(sample) for sample in sampler.sequence(index)] == stored


def write_card(plan: Plan, sampler: OpenRecipe, recipe_text: str, digests: dict[int, str]) -> None:
    """Close a set: picture, card, and last the manifest, each appearing whole.

    Parameters
    ----------
    plan
        Plan of the set.
    sampler
        Recipe of the set, opened with its seed.
    recipe_text
        Recipe as TOML.
    digests
        Digests of files by the number of the shard, where they are known: these files are not read
        again.
    """
    from fluorosynth.dataset.preview import preview_sheet, spread_out
    from fluorosynth.io.contact_sheet import png_bytes

    store, names = plan.store, [plan.name(number) for number in range(plan.shards)]
    known = {plan.name(number): text for number, text in digests.items()}
    entries = []
    for number, (size, found) in enumerate(store.measure(names, known)):
        (first, count), name = plan.span(number), names[number]
        entry = ShardEntry(file=name, first=first, count=count, bytes=size, xxh3_128=found)
        entries.append(entry)
    manifest = Manifest(
        format_version=VERSION if plan.frames == 1 else SEQUENCES_VERSION,
        n=plan.n,
        frames=plan.frames,
        size=plan.size,
        seed=sampler.seed,
        recipe=recipe_text,
        fingerprints=sampler.fingerprint,
        software=software(),
        shards=entries,
    )
    with open_shard(store.file(entries[0])) as shard:
        few = _SHOWN if plan.frames == 1 else _SHOWN // 4
        samples = [
            shard.sample(row, frame)
            for row in range(min(few, shard.info.count))
            for frame in spread_out(plan.frames, 4)
        ]
    store.put(PREVIEW, png_bytes(preview_sheet(samples)))
    store.put(CARD, _card(manifest).encode())
    only = {"frames"} if plan.frames == 1 else None
    store.put(MANIFEST, (manifest.model_dump_json(indent=1, exclude=only) + "\n").encode())


def _card(manifest: Manifest) -> str:
    total = sum(entry.bytes for entry in manifest.shards)
    frames = "" if manifest.frames == 1 else f", each a sequence of {manifest.frames} frames"
    versions = ", ".join(f"{name} {number}" for name, number in manifest.software.items())
    return f"""# Synthetic fluoroscopy: {manifest.n} labelled images

![the first samples, labels outlined]({PREVIEW})

| | |
|---|---|
| samples | {manifest.n}, indices 0 to {manifest.n - 1} of seed {manifest.seed}{frames} |
| pictures | {manifest.size} x {manifest.size}, 8 bit grey |
| masks | 0 background, 1 instrument, 255 no truth |
| files | {len(manifest.shards)} HDF5 shards, {total / 1e6:.0f} MB |
| made with | {versions} |

Check it: `fluorosynth verify .` Every checksum is in `{MANIFEST}`.

```python
import h5py
shard = h5py.File("{manifest.shards[0].file}")
image, mask = shard["images"][0], shard["masks"][0]
```

## Recipe

```toml
{manifest.recipe}```
"""
