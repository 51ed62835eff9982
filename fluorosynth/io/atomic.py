"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from fluorosynth.errors import UsageError
from fluorosynth.io.lock import LOCKLESS
from fluorosynth.io.place import local

WAIT = 5.0  # s for another process that writes the same file


@contextmanager
def replacing(path: Path, sync: bool = True, mark: str = "") -> Iterator[Path]:
    """Give a hidden name beside ``path`` to write to; it takes the place of ``path`` at the end.

    One process at a time has it: others wait for a while.

    Parameters
    ----------
    path
        Name of the finished file.
    sync
        Whether to wait until the content is on the disk: for what a later run builds upon.
    mark
        Part of the hidden name that no other process has: they need not wait then.

    Raises
    ------
    OSError
        Naming ``path`` or its folder, never the hidden name, where these are not what they
        should be.
    UsageError
        When another process goes on writing the same file.
    """
    part = local(path).with_name(f".{path.name}{mark}.part")
    check_place(path)
    with nullcontext() if mark else only_writer(part, path):
        try:
            yield part
            if sync:
                with part.open("rb+") as handle:
                    os.fsync(handle.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


@contextmanager
def only_writer(part: Path, path: Path) -> Iterator[None]:
    """Hold a hidden file against all who would write to it; made if missing.

    The file is its own lock: it falls with the process and leaves nothing. HDF5 wants that lock for
    itself, unless it is told ``locking=False``. On file systems without locks nobody waits.

    Parameters
    ----------
    part
        Hidden file.
    path
        Name that it will have, for messages.

    Raises
    ------
    OSError
        Naming ``path``, when the file cannot be made.
    UsageError
        When another process goes on holding it.
    """
    try:
        import fcntl
    except ImportError:  # Windows: an open file keeps its name there
        yield
        return
    until = time.monotonic() + WAIT
    while True:
        try:
            handle = part.open("ab")
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from None
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                held = _same_file(part, handle.fileno())  # else it got its name, or was removed
            except BlockingIOError:
                held = False
            except OSError as error:
                if error.errno not in LOCKLESS:
                    raise
                held = True
            if held:
                try:
                    yield
                finally:
                    with suppress(OSError):  # processes forked meanwhile have the lock as well
                        fcntl.flock(handle, fcntl.LOCK_UN)
                return
        if time.monotonic() > until:
            raise UsageError(f"another process is writing {path}: wait for it")
        time.sleep(0.02)


def _same_file(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def check_place(path: Path) -> None:
    """Refuse what cannot become a file: before the work whose result it is to hold.

    Parameters
    ----------
    path
        Name of the file.

    Raises
    ------
    OSError
        Naming ``path`` or its folder, where these are not what they should be.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder; name a file", str(path))
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "no such folder; make it first", str(path.parent))


def clear_parts(path: Path) -> None:
    """Remove what killed processes left of ``path`` half done.

    Parameters
    ----------
    path
        Name that the finished file would have.
    """
    for part in path.parent.glob(f".{path.name}*.part"):
        part.unlink(missing_ok=True)
