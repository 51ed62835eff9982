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
    out, error = (stream or open(os.devnull, "w") for stream in before)  # noqa: SIM115, PTH123
    sys.stdout = _Lenient(out, BrokenPipeError)  # a reader that has seen enough is no error
    sys.stderr = _Lenient(error, OSError)  # progress is no reason to stop
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


class _Lenient(io.TextIOBase):
    """A stream that drops what cannot be written for the given reasons, and goes on."""

    def __init__(self, stream: TextIO, *forgiven: type[OSError]) -> None:
        self._stream, self._forgiven = stream, forgiven

    def write(self, text: str) -> int:
        with self._tolerant():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._tolerant():
            self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding

    @contextmanager
    def _tolerant(self) -> Iterator[None]:
        try:
            yield
        except self._forgiven:
            with suppress(OSError, ValueError):  # what is still in its buffer goes there, too
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


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
