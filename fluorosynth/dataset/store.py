"""Where a set lies: the few things that writing and reading one ask of the place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fluorosynth.io.place import url_of
from fluorosynth.shards import Shard, open_shard

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fluorosynth.dataset.manifest import ShardEntry
    from fluorosynth.sample import Sample
    from fluorosynth.shards import ShardInfo

PATTERN = "shard-*.h5"
FIRST = "first.png"  # put before there is any shard
NAME = re.compile(r"shard-(\d{5}|[1-9]\d{5,})\.h5")  # as plans name them: no copy of one
MOST = 2**30  # bytes of a manifest that are read: some ten million shards


class Store(Protocol):
    """A place for a set; it can be sent to other processes."""

    @property
    def one_process(self) -> bool:
        """Whether only this process sees it."""

    def free(self) -> int | None:
        """Return how many bytes are left; None where nobody counts them."""

    def held(self, shared: bool) -> AbstractContextManager[None]:
        """Hold the place against other runs of the whole set, and against other files in it.

        Parameters
        ----------
        shared
            Whether parts of the set are written by others meanwhile.
        """

    def shards(self) -> dict[str, int]:
        """Return the names of the shards that are there, in order, with their bytes."""

    def infos(self, names: list[str]) -> dict[str, ShardInfo]:
        """Return what shards say of themselves; those that are not there are left out.

        Parameters
        ----------
        names
            Names of the shards.
        """

    def claimed(self, name: str, wait: float) -> AbstractContextManager[bool]:
        """Claim the making of a shard; gives whether this process has the claim.

        Parameters
        ----------
        name
            Name of the shard.
        wait
            Seconds to wait for another's claim.
        """

    def write(
        self, name: str, info: ShardInfo, samples: Iterable[Sample], compression: str | None
    ) -> str:
        """Write a shard, which appears whole; return its digest.

        Parameters
        ----------
        name
            Name of the shard.
        info
            Facts on it.
        samples
            Samples in it, made as they are asked for.
        compression
            Name of the compression; None: none.
        """

    def measure(self, names: list[str], known: dict[str, str]) -> list[tuple[int, str]]:
        """Return the lengths of shards in bytes, and their digests.

        Parameters
        ----------
        names
            Names of the shards.
        known
            Digests by name, where they are known; any other shard is checked first.

        Raises
        ------
        BadDataError
            When one does not hold what was written to it.
        """

    def put(self, name: str, content: bytes) -> None:
        """Write a small file, which appears whole.

        Parameters
        ----------
        name
            Name of the file.
        content
            Bytes of the file.
        """

    def read(self, name: str) -> bytes:
        """Return the bytes of a small file; FileNotFoundError where there is none.

        Parameters
        ----------
        name
            Name of the file.
        """

    def file(self, entry: ShardEntry) -> Path:
        """Return a file of this machine with the bytes of a shard.

        Parameters
        ----------
        entry
            Entry of the shard in the manifest.
        """

    @contextmanager
    def opened(self, entry: ShardEntry) -> Iterator[Shard]:
        """Open a shard for reading.

        Parameters
        ----------
        entry
            Entry of the shard in the manifest.
        """
        with open_shard(self.file(entry)) as shard:
            yield shard

    def fresh(self, name: str) -> AbstractContextManager[Path | None]:
        """Give a file with the bytes of a shard as they are now; None where there is none.

        Parameters
        ----------
        name
            Name of the shard.
        """

    def close(self) -> None:
        """Clear what the making of the set left."""


def open_store(place: str | Path) -> Store:
    """Return the store of a folder, or of a URL.

    Parameters
    ----------
    place
        Path, or URL of object storage.

    Raises
    ------
    UsageError
        When the scheme of a URL is not known.
    """
    url = url_of(place)
    if url is None:
        from fluorosynth.dataset.folder_store import FolderStore

        return FolderStore(Path(place))
    from fluorosynth.dataset.object_store import ObjectStore
    from fluorosynth.io.remote import Remote

    return ObjectStore(Remote(url))
