"""What is waited for, said while it is waited for, in place of what libraries log of it."""

from __future__ import annotations

import logging
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
        Function that returns the sentence then, or "" where there is nothing to say: it is
        asked again so many seconds later. It is called in a thread of its own.

    Examples
    --------
    >>> with said_while_waiting(lambda: "waiting for the train"):
    ...     pass
    """
    over = threading.Event()

    def say() -> None:
        while not over.wait(SILENT):
            if (sentence := what()) and not over.is_set():
                warnings.warn(sentence, DataWarning, stacklevel=2)
                return

    threading.Thread(target=say, daemon=True).start()
    try:
        yield
    finally:
        over.set()


@contextmanager
def hushed(logger: str) -> Iterator[None]:
    """Keep what a library logs off the screen, where its exceptions become sentences.

    Parameters
    ----------
    logger
        Name of its logger.
    """
    found = logging.getLogger(logger)
    level = found.level
    found.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        found.setLevel(level)
