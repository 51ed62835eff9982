"""Bars of what is done, on stderr, and words where nothing can be counted."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click

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


def say_compiling(recipe: Recipe, quiet: bool) -> None:
    """Say which loops the first run of a recipe on this machine compiles, if any.

    Parameters
    ----------
    recipe
        Recipe that is about to make samples.
    quiet
        Whether nothing is said.
    """
    if quiet:
        return
    from fluorosynth.core.numba_cache import not_kept

    modules = {type(stage).__module__: stage.kind for stage in recipe.stages}
    new = [modules[name] for name in not_kept(modules)]
    if new:
        click.echo(
            f"compiling the loops of {', '.join(new)}: up to a minute, once on this machine ...",
            err=True,
        )


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
