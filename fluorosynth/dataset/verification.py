"""Whether a finished set is what was written: by checksums, and made again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from fluorosynth.dataset.manifest import (
    Manifest,
    ShardEntry,
    differences,
    read_manifest,
    read_samples,
)
from fluorosynth.dataset.store import open_store
from fluorosynth.errors import BadDataError
from fluorosynth.shards import damage, digest, file_digest, open_shard

if TYPE_CHECKING:
    from fluorosynth.sampler import OpenRecipe


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
            return [*differences(shard.info, manifest, entry), *damage(path)]
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
