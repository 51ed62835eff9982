"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path, sync: bool = True) -> Iterator[Path]:
    """Give a hidden name beside ``path`` to write to; it takes the place of ``path`` at the end.

    ``sync`` waits until the content is on the disk: for what a later run builds upon.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        if sync:
            with part.open("rb+") as handle:
                os.fsync(handle.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
