"""A folder that one process at a time writes to."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fluorosynth.errors import UsageError
from fluorosynth.io.claim import claimed
from fluorosynth.io.place import local

LOCK = ".lock"
# What file systems without locks answer: Lustre, NFS whose lock daemon is away, some of FUSE
LOCKLESS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)


@contextmanager
def locked(
    folder: Path, busy: str, wait: float = 0.0, stays: bool = True, name: str = LOCK
) -> Iterator[None]:
    """Hold a folder, made if missing, against all others that want to hold it.

    Where the file system knows no locks, a claim is held instead (``io.claim``).

    Parameters
    ----------
    folder
        Folder to hold, by a file in it. The lock falls with the process.
    busy
        Sentence for the user when another process holds it.
    wait
        Seconds to wait for that process.
    stays
        Whether the file stays when the lock falls.
    name
        Name of the file.

    Raises
    ------
    UsageError
        Saying ``busy``.
    OSError
        When the folder cannot be made or written to.
    """
    from filelock import FileLock, Timeout

    local(folder).mkdir(parents=True, exist_ok=True)
    file = folder / name
    lock = FileLock(file, timeout=wait, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout:
        raise UsageError(busy) from None
    except OSError as error:
        if error.errno not in LOCKLESS:
            raise
        with claimed(file, wait) as mine:
            if not mine:
                raise UsageError(busy) from None
            try:
                yield
            finally:
                if not stays:
                    file.unlink(missing_ok=True)
        return
    try:
        yield
    finally:
        if not stays:  # one that was opened before is of no use any more: filelock looks
            file.unlink(missing_ok=True)
        lock.release()
