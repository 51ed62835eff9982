"""A folder that one process at a time writes to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fluorosynth.errors import UsageError
from fluorosynth.io.place import local

LOCK = ".lock"


@contextmanager
def locked(folder: Path, busy: str, wait: float = 0.0, stays: bool = True) -> Iterator[None]:
    """Hold a folder, made if missing, against all others that want to hold it.

    Parameters
    ----------
    folder
        Folder to hold, by the file ``.lock`` in it. The lock falls with the process.
    busy
        Sentence for the user when another process holds it.
    wait
        Seconds to wait for that process.
    stays
        Whether the file stays when the lock falls.

    Raises
    ------
    UsageError
        Saying ``busy``.
    OSError
        When the folder cannot be made or written to.
    """
    from filelock import FileLock, Timeout

    local(folder).mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK, timeout=wait)
    try:
        lock.acquire()
    except Timeout:
        raise UsageError(busy) from None
    try:
        yield
    finally:
        if not stays:  # one that was opened before is of no use any more: filelock looks
            (folder / LOCK).unlink(missing_ok=True)
        lock.release()
