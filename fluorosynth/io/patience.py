"""What is waited for, said while it is waited for: nobody is to wonder whether a run hangs."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fluorosynth.errors import DataWarning

SILENT = 2.0  # s that may pass without a word


@contextmanager
def said_while_waiting(what: Callable[[], str]) -> Iterator[None]:
    """Warn once when what is done within takes longer than ``SILENT`` seconds.

    Parameters
    ----------
    what
        Function that returns the sentence then, or "" where there is nothing to say. It is
        called in a thread of its own.

    Examples
    --------
    >>> with said_while_waiting(lambda: "waiting for the train"):
    ...     pass
    """

    def say() -> None:
        if sentence := what():
            warnings.warn(sentence, DataWarning, stacklevel=2)

    timer = threading.Timer(SILENT, say)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
