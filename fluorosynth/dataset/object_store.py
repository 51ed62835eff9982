"""A set in object storage: every shard made here whole, recorded, put, and forgotten."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from fluorosynth.dataset.folder_store import other_files
from fluorosynth.dataset.store import FIRST, MOST, NAME, Store
from fluorosynth.errors import BadDataError, InterruptedRunError, UsageError
from fluorosynth.io.guard import validated
from fluorosynth.io.object_cache import kept
from fluorosynth.io.remote import Remote
from fluorosynth.shards import FULL, Shard, ShardInfo, file_digest, open_shard, write_shard

if TYPE_CHECKING:
    from fluorosynth.dataset.manifest import ShardEntry
    from fluorosynth.sample import Sample

MOST_OF_RECORD = 2**24  # bytes


@dataclass(frozen=True)
class Record:
    """What is known of a shard before it is put.

    Parameters
    ----------
    info
        Facts that the shard states.
    bytes
        Length of its file.
    xxh3_128
        Digest of its file.
    """

    info: ShardInfo
    bytes: int
    xxh3_128: str


RECORD = TypeAdapter(Record)


@dataclass(frozen=True)
class ObjectStore(Store):
    """See ``Store``.

    A small record ``.shard-00000.h5.json`` is put before each shard: with it a run knows what is
    there, and the card can be written, without reading a shard again. A shard is there when its
    record is, and its length is the one recorded.

    Parameters
    ----------
    remote
        Folder of the set in object storage.
    """

    remote: Remote

    @property
    def one_process(self) -> bool:
        """Whether it is in the memory of this process."""
        return self.remote.scheme == "memory"

    def free(self) -> None:
        """Nobody counts."""

    @contextmanager
    def held(self, shared: bool) -> Iterator[None]:  # noqa: ARG002 - there are no locks
        """Refuse other files; two runs of one set write the same bytes."""
        there = self.remote.sizes()
        others = sorted(name for name in there if not name.startswith(".") and name != FIRST)
        if others and not any(_record(name) in there for name in others):
            raise UsageError(other_files(self.remote.url, others))
        yield

    def shards(self) -> dict[str, int]:
        """Return the shards' names and bytes."""
        found = sorted(self.remote.sizes().items())
        return {name: size for name, size in found if NAME.fullmatch(name)}

    def infos(self, names: list[str]) -> dict[str, ShardInfo]:
        """Return what the records say."""
        one = len(names) == 1
        sizes = self._sizes(names[0], _record(names[0])) if one else self.remote.sizes()
        there = [name for name in names if name in sizes]
        for name in there:
            if _record(name) not in sizes:
                raise UsageError(
                    f"{self.remote.of(name)} was put by something else: use another `out`"
                )
        records = zip(there, self._records(there), strict=True)
        return {name: record.info for name, record in records if record.bytes == sizes[name]}

    @contextmanager
    def claimed(self, name: str, wait: float) -> Iterator[bool]:  # noqa: ARG002
        """Let everybody have it: object storage has no locks, and the bytes are the same."""
        yield True

    def write(
        self, name: str, info: ShardInfo, samples: Iterable[Sample], compression: str | None
    ) -> str:
        """Write a shard to a file of this machine, record it, and put it."""
        try:
            with tempfile.TemporaryDirectory(prefix="fluorosynth-") as folder:
                file = Path(folder) / name
                write_shard(file, info, samples, compression)
                record = Record(info, file.stat().st_size, file_digest(file))
                self.remote.write(_record(name), RECORD.dump_json(record))
                self.remote.put(file, name)
                return record.xxh3_128
        except OSError as error:
            if error.errno not in FULL:
                raise
            raise InterruptedRunError(
                f"{tempfile.gettempdir()} has no room for a shard: free some, or set TMPDIR, and "
                "run the same command again"
            ) from None

    def measure(
        self,
        names: list[str],
        known: dict[str, str],  # noqa: ARG002 - the records have it
    ) -> list[tuple[int, str]]:
        """Return what was recorded."""
        return [(record.bytes, record.xxh3_128) for record in self._records(names)]

    def put(self, name: str, content: bytes) -> None:
        """Put a small object."""
        self.remote.write(name, content)

    def read(self, name: str) -> bytes:
        """Read a small object."""
        if self.remote.size(name) is None:
            raise FileNotFoundError(self.remote.of(name))
        return self.remote.read(name, MOST)

    def file(self, entry: ShardEntry) -> Path:
        """Fetch a shard to the cache, unless it is there; what came is checked."""
        try:
            return kept(
                entry.xxh3_128, lambda path: self.remote.fetch(entry.file, path), file_digest
            )
        except BadDataError as error:
            raise BadDataError(f"{self.remote.of(entry.file)}: {error}") from None

    @contextmanager
    def opened(self, entry: ShardEntry) -> Iterator[Shard]:
        """Open a shard of the cache; again where it gave way before that, to other processes."""
        with ExitStack() as stack:
            while True:
                path = self.file(entry)
                try:
                    shard = stack.enter_context(open_shard(path))
                    break
                except BadDataError:
                    if path.exists():
                        raise
            yield shard

    @contextmanager
    def fresh(self, name: str) -> Iterator[Path | None]:
        """Fetch a shard, and forget it."""
        with tempfile.TemporaryDirectory(prefix="fluorosynth-") as folder:
            file = Path(folder) / name
            there = self.remote.size(name) is not None
            if there:
                self.remote.fetch(name, file)
            yield file if there else None

    def close(self) -> None:
        """Keep the records: a set that grows goes on from them."""

    def _sizes(self, *names: str) -> dict[str, int]:
        found = {name: self.remote.size(name) for name in names}
        return {name: size for name, size in found.items() if size is not None}

    def _records(self, names: list[str]) -> list[Record]:
        found = [_record(name) for name in names]
        contents = self.remote.read_all(found, MOST_OF_RECORD)
        return [self._parsed(name, text) for name, text in zip(found, contents, strict=True)]

    def _parsed(self, name: str, content: bytes) -> Record:
        place = self.remote.of(name)
        with validated(f"{place} is no record of a shard (delete it to make that anew)"):
            return RECORD.validate_json(content)


def _record(name: str) -> str:
    return f".{name}.json"
