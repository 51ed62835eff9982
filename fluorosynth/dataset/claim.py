"""Which process makes a shard: claims that outlive no one, on any shared folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LEASE = 30.0  # s without a sign of life after which a claim from another machine is void


@contextmanager
def claimed(path: Path, wait: float = 0.0) -> Iterator[bool]:
    """Claim the making of the file ``path``; yields whether this process has the claim.

    A claim is a small file beside ``path`` that names machine and process and is refreshed while
    its holder lives. One whose process is gone is void at once on the same machine, and after
    ``LEASE`` seconds without a refresh on another, by the clock of who waits. It needs no
    ``flock``, only that a file can be created exclusively, as on NFS and Lustre.

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

    lease = SoftFileLease(path.with_name(f".{path.name}.claim"), lease_duration=LEASE)
    try:
        lease.acquire(timeout=wait, poll_interval=0.2)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lease.release()
