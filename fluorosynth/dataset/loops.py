"""Compiled loops made ready before the first sample: loaded, or compiled on all cores.

Without this each worker would load every loop for itself, and on the first run compile it.
"""

from __future__ import annotations

import multiprocessing
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from fluorosynth.recipe import Recipe

Report = Callable[[int, int], None]  # loops that are ready, of all

_PACKAGE = "fluorosynth."


@dataclass(frozen=True)
class Loop:
    """A compiled loop for one set of types.

    Parameters
    ----------
    name
        Module and function, without the package.
    types
        Types of the arguments, as numba writes them.
    """

    name: str
    types: str

    def make_ready(self) -> None:
        """Load the loop, or compile it and keep it."""
        from numba.core.sigutils import normalize_signature

        module, _, function = self.name.rpartition(".")
        arguments, _ = normalize_signature(f"void({self.types})")  # type: ignore[no-untyped-call]
        getattr(sys.modules[_PACKAGE + module], function).compile(arguments)


def make_ready(recipe: Recipe, cores: int = 1, report: Report | None = None) -> None:
    """Load the loops that a recipe needs; compile those that this machine has not compiled yet.

    Parameters
    ----------
    recipe
        Recipe that is to be opened.
    cores
        Number of processes that compile, where processes can be forked.
    report
        Called as loops get ready, once one is found that has to be compiled: that takes seconds.
    """
    todo, total = loops_of(recipe), len(loops_of(recipe))
    with _compiled() as compiled:
        while todo and not compiled:
            todo.pop(0).make_ready()
    said: Report = report if compiled and report else lambda *_: None
    said(total - len(todo), total)
    if cores > 1 and todo and "fork" in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(min(cores, len(todo)), context) as pool:
            futures = [pool.submit(loop.make_ready) for loop in todo]
            for done, future in enumerate(as_completed(futures), total - len(todo) + 1):
                future.result()
                said(done, total)
        said = lambda *_: None  # noqa: E731 - what follows is loaded
    for done, loop in enumerate(todo, total - len(todo) + 1):
        loop.make_ready()
        said(done, total)


def loops_of(recipe: Recipe) -> list[Loop]:
    """Return the loops of the table that a recipe's parts may call, in the table's order.

    Parameters
    ----------
    recipe
        Recipe in question.
    """
    modules = reached({type(part).__module__ for part in _parts(recipe)})
    return [
        Loop(name, types)
        for name, all_types in table().items()
        if _PACKAGE + name.rpartition(".")[0] in modules
        for types in all_types
    ]


def reached(modules: set[str]) -> set[str]:
    """Return modules and all modules of the package whose functions and classes they name.

    Parameters
    ----------
    modules
        Names of loaded modules.
    """
    found, todo = set(modules), list(modules)
    while todo:
        module = sys.modules.get(todo.pop())
        for value in vars(module).values() if module else ():
            name = getattr(value, "__module__", None)
            if isinstance(name, str) and name.startswith(_PACKAGE) and name not in found:
                found.add(name)
                todo.append(name)
    return found


@lru_cache(maxsize=1)
def table() -> dict[str, list[str]]:
    """Return the types of each loop's arguments, by module and function."""
    text = Path(__file__).with_suffix(".toml").read_text("utf-8")
    found: dict[str, list[str]] = tomllib.loads(text)
    return found


def _parts(value: Any) -> Iterator[Any]:
    """Iterate over a recipe and all dataclasses in it."""
    if is_dataclass(value):
        yield value
        for field in fields(value):
            yield from _parts(getattr(value, field.name))
    elif isinstance(value, Iterable) and not isinstance(value, str | bytes):
        for one in value:
            yield from _parts(one)


@contextmanager
def _compiled() -> Iterator[list[str]]:
    """Give a list of the loops that are compiled meanwhile, rather than loaded."""
    from numba.core import event

    names: list[str] = []

    class Listener(event.Listener):
        def on_start(self, found: Any) -> None:
            names.append(str(found.data["dispatcher"]))

        def on_end(self, found: Any) -> None:
            pass

    with event.install_listener("numba:compile", Listener()):
        yield names
