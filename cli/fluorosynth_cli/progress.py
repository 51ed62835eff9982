"""Bars of what is done, on stderr, and words where nothing can be counted."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm

    from fluorosynth.recipe import Recipe


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

    with tqdm(total=total, unit=unit, file=sys.stderr, disable=quiet, **more) as bar, _ticking(bar):
        try:
            yield bar
        except BaseException:
            bar.leave = bool(bar.n)
            raise


def counted_on(bar: tqdm[Any]) -> Callable[[int, int], None]:
    """Return a function that shows on a bar how many are done, of all.

    Parameters
    ----------
    bar
        Bar that learns its total by this.
    """

    def told(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)
        bar.refresh()

    return told


def make_loops_ready(recipe: Recipe, quiet: bool, cores: int = 0) -> None:
    """Compile the loops of a recipe, saying so; where that was done before it takes no time.

    Parameters
    ----------
    recipe
        Recipe that is about to make samples.
    quiet
        Whether nothing is shown.
    cores
        Number of processes that compile; 0: one for each free core.
    """
    from tqdm import tqdm

    from fluorosynth.core.cores import free_cores
    from fluorosynth.core.numba_cache import load_numba
    from fluorosynth.dataset.loops import make_ready

    load_numba()
    tqdm.monitor_interval = 0  # its thread would be there when processes fork
    bar: tqdm[None] | None = None

    def report(done: int, total: int) -> None:
        nonlocal bar
        said = "compiling for this machine, once"
        bar = bar or tqdm(total=total, unit="loop", file=sys.stderr, desc=said, disable=quiet)
        bar.update(done - bar.n)

    try:
        make_ready(recipe, cores or free_cores(), report)
    finally:
        if bar is not None:
            bar.close()


@contextmanager
def _ticking(bar: tqdm[Any]) -> Iterator[None]:
    """Let the seconds of a bar run on a terminal while the first thing takes long.

    By a signal, since workers are forked meanwhile: a thread of tqdm's would be there then.
    """
    main = threading.current_thread() is threading.main_thread()
    if bar.disable or not main or not sys.stderr.isatty() or not hasattr(signal, "setitimer"):
        yield
        return

    def tick(*_: object) -> None:
        with suppress(RuntimeError):  # it came amid a write
            bar.refresh()

    before = signal.signal(signal.SIGALRM, tick)
    signal.setitimer(signal.ITIMER_REAL, 1, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
