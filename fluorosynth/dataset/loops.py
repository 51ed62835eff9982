"""Compiled loops made ready before the first sample: compiled on all cores, or there already.

Without this each worker would compile every loop for itself on the first run. Those that draw
backgrounds are not loaded ahead: a pool that is in the cache needs none of them.
"""

from __future__ import annotations

import multiprocessing
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from fluorosynth.errors import UsageError
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
        self._function.compile(self._arguments)

    @property
    def kept(self) -> bool:
        """Whether it is compiled and on the disk, told from the index alone, as numba reads it."""
        function = self._function
        try:
            key = function._cache._index_key(self._arguments, function.targetctx.codegen())
            name = function._cache._cache_file._load_index().get(key)
            return name is not None and Path(function._cache.cache_path, name).is_file()
        except AttributeError:  # a numba that keeps its index elsewhere: make_ready finds out
            return False

    @property
    def calls(self) -> set[str]:
        """Names of the loops that it calls."""
        function = self._function.py_func
        named = [function.__globals__.get(name) for name in function.__code__.co_names]
        return {
            f"{loop.__module__.removeprefix(_PACKAGE)}.{loop.__name__}"
            for loop in named
            if hasattr(loop, "py_func")
        }

    @property
    def _function(self) -> Any:
        module, _, function = self.name.rpartition(".")
        return getattr(sys.modules[_PACKAGE + module], function)

    @property
    def _arguments(self) -> Any:
        from numba.core.sigutils import normalize_signature

        return normalize_signature(f"void({self.types})")[0]  # type: ignore[no-untyped-call]


def make_ready(recipe: Recipe, cores: int = 1, report: Report | None = None) -> None:
    """Compile the loops of a recipe that this machine lacks; load what devices and stages call.

    Parameters
    ----------
    recipe
        Recipe that is to be opened.
    cores
        Number of processes that compile, where processes can be forked.
    report
        Function to call as loops get ready, where any has to be compiled: that takes seconds.

    Raises
    ------
    UsageError
        When numba is told not to compile.
    """
    from numba import config

    if getattr(config, "DISABLE_JIT", 0):  # Python computes in other precisions than the loops
        raise UsageError("NUMBA_DISABLE_JIT is set, by which samples get other bytes: unset it")
    loops = loops_of(recipe)
    todo = [loop for loop in loops if not loop.kept]
    said: Report = report if todo and report else lambda *_: None
    ready = len(loops) - len(todo)
    if cores > 1 and len(todo) > 1 and "fork" in multiprocessing.get_all_start_methods():
        todo.pop(0).make_ready()  # so that numba itself is loaded once
        said(ready + 1, len(loops))
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(min(cores, len(todo)), context) as pool:
            futures = [pool.submit(loop.make_ready) for loop in todo]
            for done, future in enumerate(as_completed(futures), ready + 2):
                future.result()
                said(done, len(loops))
    else:
        for done, loop in enumerate(todo, ready + 1):
            loop.make_ready()
            said(done, len(loops))
    loops = loops_of((recipe.devices, recipe.stages))
    inner = {name for loop in loops for name in loop.calls}
    for loop in loops:
        if loop.name not in inner:  # a part of its callers
            loop.make_ready()


def loops_of(parts: object) -> list[Loop]:
    """Return the loops of the table that a recipe or its parts may call, in the table's order.

    Parameters
    ----------
    parts
        Recipe in question, or some of its parts.
    """
    modules = reached({type(part).__module__ for part in _parts(parts)})
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
