"""A set in a folder, of this machine or one that many machines see."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fluorosynth.dataset.store import NAME, PATTERN, Store
from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.atomic import clear_parts, replacing
from fluorosynth.io.claim import claimed
from fluorosynth.io.lock import LOCK, locked
from fluorosynth.shards import ShardInfo, damage, file_digest, open_shard, write_shard

if TYPE_CHECKING:
    from fluorosynth.dataset.manifest import ShardEntry
    from fluorosynth.sample import Sample

ANEW = "delete the file and run again to make it anew"


@dataclass(frozen=True)
class FolderStore(Store):
    """See ``Store``.

    Parameters
    ----------
    folder
        Folder of the set.
    """

    folder: Path

    @property
    def one_process(self) -> bool:
        """Whether only this process sees it: no."""
        return False

    def free(self) -> int:
        """Return how many bytes the disk has left that the folder is on, or will be."""
        parents = (self.folder, *self.folder.absolute().parents)
        return shutil.disk_usage(next(path for path in parents if path.exists())).free

    @contextmanager
    def held(self, shared: bool) -> Iterator[None]:
        """Hold the folder by its lock; ``shared``: only make it."""
        self._refuse_foreign()
        busy = f"another run is writing to {self.folder}: wait for it, or use another `out`"
        with ExitStack() as held:
            try:
                if shared:
                    self.folder.mkdir(parents=True, exist_ok=True)
                    (self.folder / LOCK).touch()  # a set was begun here
                else:
                    held.enter_context(locked(self.folder, busy, wait=1))
            except OSError as error:
                reason = error.strerror or error
                raise BadDataError(f"cannot write to {self.folder}: {reason}") from None
            yield

    def shards(self) -> dict[str, int]:
        """Return the shards' names and bytes."""
        try:
            there = sorted(self.folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:  # there may be some
            reason = error.strerror or error
            raise BadDataError(f"{self.folder} cannot be read: {reason}") from None
        return {path.name: path.stat().st_size for path in there if NAME.fullmatch(path.name)}

    def infos(self, names: list[str]) -> dict[str, ShardInfo]:
        """Return what the headers say."""
        found = {}
        for path in (self.folder / name for name in names):
            if path.exists():
                try:
                    with open_shard(path) as shard:
                        found[path.name] = shard.info
                except BadDataError as error:
                    if isinstance(error.__cause__, OSError):  # it may be whole
                        raise
                    raise BadDataError(f"{error}: {ANEW}") from None
        return found

    def claimed(self, name: str, wait: float) -> AbstractContextManager[bool]:
        """Claim a shard by a file beside it."""
        return claimed(self.folder / name, wait)

    def write(
        self, name: str, info: ShardInfo, samples: Iterable[Sample], compression: str | None
    ) -> str:
        """Write a shard under a hidden name, then give it its own."""
        clear_parts(self.folder / name)
        write_shard(self.folder / name, info, samples, compression)
        return file_digest(self.folder / name)

    def measure(self, names: list[str], known: dict[str, str]) -> list[tuple[int, str]]:
        """Read the shards through whose digest is not known."""
        paths = [self.folder / name for name in names]
        return [(p.stat().st_size, known.get(p.name) or _checked_digest(p)) for p in paths]

    def put(self, name: str, content: bytes) -> None:
        """Write a file, then give it its name."""
        clear_parts(self.folder / name)
        with replacing(self.folder / name) as part:
            part.write_bytes(content)

    def read(self, name: str) -> bytes:
        """Read a file."""
        return (self.folder / name).read_bytes()

    def file(self, entry: ShardEntry) -> Path:
        """Return the shard itself."""
        return self.folder / entry.file

    @contextmanager
    def fresh(self, name: str) -> Iterator[Path | None]:
        """Give the shard itself."""
        path = self.folder / name
        yield path if path.exists() else None

    def close(self) -> None:
        """Clear the claims of killed processes, whose shards were whole: nobody else is at work."""
        for claim in self.folder.glob(f".{PATTERN}.claim"):
            claim.unlink(missing_ok=True)

    def _refuse_foreign(self) -> None:
        """Refuse files among which no set was ever begun: README.md might be somebody's."""
        try:
            there = [path.name for path in self.folder.iterdir()]
        except OSError:  # missing, or said better by who makes it
            return
        others = sorted(name for name in there if not name.startswith("."))
        if others and not ((self.folder / LOCK).exists() or self.shards()):
            raise UsageError(other_files(str(self.folder), others))


def _checked_digest(path: Path) -> str:
    """Return the digest of a shard that holds what was written: it is to vouch for the file."""
    for problem in damage(path):
        raise BadDataError(f"{problem}: {ANEW}")
    return file_digest(path)


def other_files(place: str, others: list[str]) -> str:
    """Return the sentence that refuses a place where other files are.

    Parameters
    ----------
    place
        Folder or URL.
    others
        Names of the files.
    """
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    return f"{place} holds other files ({', '.join(others[:3])}{more}): name a new or empty folder"
