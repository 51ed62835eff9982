"""Folders that appear whole or not at all, and that know what they were made from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

from xxhash import xxh3_128

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.lock import locked
from fluorosynth.io.place import local

RECORD = ".made-from"  # a digest: paths and names stay out of results


def made_before(out: Path, made_from: Mapping[str, Any]) -> bool:
    """Tell whether ``out`` holds the whole result of the same work already.

    A command that was killed after its last step is run again like any other: what is there need
    not be made anew.

    Parameters
    ----------
    out
        Folder of the result.
    made_from
        Facts that the result depends on, JSON-compatible.

    Raises
    ------
    UsageError
        When ``out`` holds anything else.
    """
    try:
        there = (out / RECORD).read_text("ascii")
    except (OSError, UnicodeDecodeError):
        there = ""
    if there == _digest(made_from):
        if (out.parent / _lock(out)).exists():  # of a process killed at its very end
            with suppress(UsageError, OSError), _alone(out):
                pass
        return True
    require_free(out)
    return False


def require_free(out: Path) -> None:
    """Refuse a folder that is neither missing nor empty.

    Parameters
    ----------
    out
        Folder to be written.

    Raises
    ------
    UsageError
        When it holds anything, or is a file.
    """
    if local(out).exists() and not (out.is_dir() and not any(out.iterdir())):
        what = "is a file" if out.is_file() else "exists already and holds other files"
        raise UsageError(f"{out} {what}: name a new or empty folder")


@contextmanager
def whole_folder(out: Path, made_from: Mapping[str, Any]) -> Iterator[Path]:
    """Give a hidden folder beside ``out`` to fill; it becomes ``out`` at the end.

    Parameters
    ----------
    out
        Folder of the result; missing or empty.
    made_from
        Facts that the result depends on, JSON-compatible; kept in it for ``made_before``.

    Raises
    ------
    BadDataError
        When the folder cannot be written.
    UsageError
        When another process is writing it.

    Examples
    --------
    >>> import tempfile
    >>> out = Path(tempfile.mkdtemp()) / "result"
    >>> with whole_folder(out, {"seed": 1}) as folder:
    ...     _ = (folder / "a.txt").write_text("a")
    >>> made_before(out, {"seed": 1})
    True
    """
    # One name: what a killed run left is cleared by the next
    part = local(out).with_name(f".{out.name}.part")
    try:
        with _alone(out):
            try:
                shutil.rmtree(part, ignore_errors=True)
                part.mkdir()
                yield part
                (part / RECORD).write_text(_digest(made_from), "ascii")
                if out.exists():
                    out.rmdir()
                part.rename(out)
            finally:
                shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        reason = error.strerror or error
        raise BadDataError(f"{out} cannot be written: {reason}") from None


def _alone(out: Path) -> AbstractContextManager[None]:
    busy = f"another process is writing {out}: wait for it"
    return locked(out.parent, busy, stays=False, name=_lock(out))


def _lock(out: Path) -> str:
    return f".{out.name}.lock"


def _digest(made_from: Mapping[str, Any]) -> str:
    return xxh3_128(json.dumps(made_from, sort_keys=True).encode()).hexdigest() + "\n"
