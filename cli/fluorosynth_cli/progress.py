"""Bars of what is done, on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm


@contextmanager
def progress(total: int, unit: str, quiet: bool, **more: Any) -> Iterator[tqdm[Any]]:
    """Yield a bar; where nothing was done before an error, it goes, and the sentence stands alone.

    Parameters
    ----------
    total
        Number of things to do.
    unit
        Name of one of them.
    quiet
        Whether nothing is shown.
    **more
        Settings of tqdm.
    """
    from tqdm import tqdm

    with tqdm(total=total, unit=unit, file=sys.stderr, disable=quiet, **more) as bar:
        try:
            yield bar
        except BaseException:
            bar.leave = bool(bar.n)
            raise
