"""Standard streams that can be written to, whatever the caller left of them."""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

import click


@contextmanager
def usable_streams() -> Iterator[None]:
    """Open closed standard streams on the null device, as daemons and ``2>&-`` leave them.

    Else the next file opened would get their number, and what writes to stderr, into it.
    """
    before = sys.stdout, sys.stderr
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the least number that is free
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115, PTH123
    sys.stderr = _Lenient(sys.stderr or open(os.devnull, "w"))  # noqa: SIM115, PTH123
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


class _Lenient(io.TextIOBase):
    """A stream that drops what cannot be written: progress is no reason to stop."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding


@contextmanager
def warnings_said() -> Iterator[None]:
    """Print each ``DataWarning`` once, as a sentence on stderr."""
    from fluorosynth.errors import DataWarning

    said: set[str] = set()
    with warnings.catch_warnings():
        plain = warnings.showwarning

        def show(message, category, *place, **more) -> None:  # type: ignore[no-untyped-def]
            if not issubclass(category, DataWarning):
                plain(message, category, *place, **more)
            elif str(message) not in said:
                said.add(str(message))
                click.echo(f"Warning: {message}", err=True)

        warnings.showwarning = show
        warnings.simplefilter("always", DataWarning)
        yield
