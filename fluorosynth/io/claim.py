"""Which process makes a file: claims that outlive no one, on any shared folder."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LEASE = 30.0  # s without a sign of life after which a claim from another machine is void
NAMELESS = 5.0  # s after which a claim that names nobody is void; NFS may show it late by 3


@contextmanager
def claimed(path: Path, wait: float = 0.0) -> Iterator[bool]:
    """Claim the making of the file ``path``; yields whether this process has the claim.

    A claim is a small file beside ``path`` that names machine and process and is refreshed while
    its holder lives. One whose process is gone is void at once on the same machine, and after
    ``LEASE`` seconds without a refresh on another, by the clock of who waits. One that stays empty
    is of a process that was killed before it could write its name. It needs no ``flock``, only that
    a file can be created exclusively, as on NFS and Lustre.

    A claim saves work twice done; the bytes do not rest on it: who is thought dead and lives on
    writes under a name of its own, and the same bytes.

    Parameters
    ----------
    path
        Name of the file to be made.
    wait
        Seconds to wait for a claim that another process has.

    Examples
    --------
    >>> import tempfile
    >>> with claimed(Path(tempfile.mkdtemp()) / "shard-00000.h5") as mine:
    ...     mine
    True
    """
    from filelock import SoftFileLease, Timeout

    place, until = path.with_name(f".{path.name}.claim"), time.monotonic() + wait
    lease = SoftFileLease(place, lease_duration=LEASE)
    while True:
        try:
            left = max(until - time.monotonic(), 0.0)
            lease.acquire(timeout=min(left, NAMELESS), poll_interval=0.2)
            break
        except Timeout:
            if not _removed_nameless(place) and time.monotonic() >= until:
                yield False
                return
    try:
        yield True
    finally:
        lease.release()


def _removed_nameless(claim: Path) -> bool:
    """Remove a claim that is empty and stays so; whoever lives writes at once."""
    with suppress(OSError):
        before = claim.stat()
        if before.st_size == 0:
            time.sleep(NAMELESS)
            now = claim.stat()
            if (now.st_ino, now.st_size, now.st_mtime_ns) == (before.st_ino, 0, before.st_mtime_ns):
                claim.unlink()
                return True
    return False
