"""Objects of the network, kept on this machine while there is room; one copy for all processes."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fluorosynth.errors import BadDataError
from fluorosynth.io.atomic import replacing
from fluorosynth.io.bounded import bound, make_room
from fluorosynth.io.cache import cache_folder
from fluorosynth.io.patience import said_while_waiting

BOUND = 20_000  # MB
FOLDER = "objects"
SPARED = 10.0  # s after it was asked for in which a file stays: long enough to open it, mostly
STALE = 24 * 3600.0  # s after which a file half fetched is nobody's


def kept(digest: str, fetch: Callable[[Path], None], digest_of: Callable[[Path], str]) -> Path:
    """Return a file of the cache, fetched where it is not there or not what it should be.

    Of several processes that ask at a time one fetches. The files that were asked for longest ago
    give way; one that is open stays readable, and is fetched again when it is asked for again.

    Parameters
    ----------
    digest
        Digest of the file's content, hexadecimal: its name.
    fetch
        Function that writes the content to a path.
    digest_of
        Function that returns a file's digest.

    Raises
    ------
    BadDataError
        When what is fetched has another digest, or the cache cannot be written.
    """
    folder = (cache_folder() or Path(tempfile.gettempdir()) / "fluorosynth") / FOLDER
    path = folder / digest
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder / f".{digest[:2]}.lock"):
            if not (path.is_file() and digest_of(path) == digest):
                with replacing(path, sync=False, mark=f".{os.getpid()}") as part:
                    fetch(part)
                    found = digest_of(part)
                    if found != digest:
                        raise BadDataError(f"its checksum is {found}, its set says {digest}")
            os.utime(path)
        _clear_stale(folder)
        make_room(folder.glob("[!.]*"), bytes_kept(), path, SPARED)
    except OSError as error:
        raise BadDataError(
            f"the cache {folder} cannot be written: {error.strerror or error}; name another by "
            "FLUOROSYNTH_CACHE"
        ) from None
    return path


def bytes_kept() -> int:
    """Return how many bytes the cache may take: ``$FLUOROSYNTH_OBJECTS_MB``, or 20 GB.

    Raises
    ------
    UsageError
        When the variable is no number.
    """
    return bound("FLUOROSYNTH_OBJECTS_MB", BOUND)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Wait for whoever fetches, as long as it lives."""
    from filelock import FileLock

    lock = FileLock(path)
    with said_while_waiting(lambda: f"waiting for another process that writes to {path.parent}"):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _clear_stale(folder: Path) -> None:
    for part in folder.glob(".*.part"):
        with suppress(FileNotFoundError):  # another process was first
            if time.time() - part.stat().st_mtime > STALE:
                part.unlink()
