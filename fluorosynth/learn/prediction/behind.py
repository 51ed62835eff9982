"""Work done behind: in its own thread, in order, a few calls late at most."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

DEPTH = 8  # calls that may wait, each with its frame


@contextmanager
def behind(work: Callable[..., None], depth: int = DEPTH) -> Iterator[Callable[..., None]]:
    """Give a function that calls ``work`` in another thread, one call after the other.

    It waits when ``depth`` calls are not done, so memory stays flat. What a call raises is raised
    by a later one, or at the end; what came after it is not done.

    Parameters
    ----------
    work
        Function that is called.
    depth
        Number of calls that may wait, >= 1.

    Examples
    --------
    >>> done = []
    >>> with behind(done.append) as later:
    ...     for k in range(20):
    ...         later(k)
    >>> done == list(range(20))
    True
    """
    waiting = deque[Future[None]]()
    with ThreadPoolExecutor(1) as pool:

        def later(*arguments: Any) -> None:
            if len(waiting) >= depth:
                waiting.popleft().result()
            waiting.append(pool.submit(work, *arguments))

        try:
            yield later
            while waiting:
                waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
