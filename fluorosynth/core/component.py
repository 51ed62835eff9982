"""What recipes are made of: frozen dataclasses with a ``kind``, found by that name."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from abc import ABC
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, ClassVar, TypeVar

from fluorosynth.core.check import Checked, concrete
from fluorosynth.errors import UsageError

C = TypeVar("C", bound="Component")


class Component(Checked, ABC):
    """Root of ranges, sources and stages.

    A concrete component is a frozen dataclass; its fields are its configuration and must
    survive a TOML round trip. ``kind`` is the name that recipes use: the module's name unless
    given as ``class Mine(Stage, kind="mine")``. ``package`` is where the built-in ones of a
    family are found; the class that a family is named after gives it. One that holds arrays, which
    no TOML can, says ``writable = False`` and gives a ``fingerprint`` of them.
    """

    kind: ClassVar[str]
    package: ClassVar[str]
    writable: ClassVar[bool] = True

    @property
    def fingerprint(self) -> str:
        """Text that is equal for equal content, of what is not writable."""
        raise NotImplementedError

    def __init_subclass__(
        cls, kind: str | None = None, package: str | None = None, **kwargs: Any
    ) -> None:
        super().__init_subclass__(**kwargs)
        cls.kind = kind or cls.__module__.rpartition(".")[2]
        if package is not None:
            cls.package = package


def component(root: type[C], kind: str) -> type[C] | None:
    """Return the component of a family that a recipe names; None where there is none.

    Of the built-in ones no other is imported.

    Parameters
    ----------
    root
        Class that the family derives from.
    kind
        Kind of the component.

    Raises
    ------
    UsageError
        For an entry point that cannot be loaded, or whose name is not the class's kind.
    """
    module = importlib.import_module(root.package)
    if hasattr(module, "__path__") and kind.isidentifier():
        name = f"{root.package}.{kind}"
        if importlib.util.find_spec(name) is not None:
            importlib.import_module(name)
    return (_built_in(root, root.package) | _installed(root, root.package)).get(kind)


def kinds(root: type[C], package: str) -> dict[str, type[C]]:
    """Return all components of a family that can be written, by kind.

    Built-in ones are the modules of ``package``; others come from installed distributions through
    the entry-point group of the package's name (``fluorosynth.stages``, ...).

    Parameters
    ----------
    root
        Class that the family derives from.
    package
        Name of the package that holds the built-in ones.

    Raises
    ------
    UsageError
        For an entry point that cannot be loaded, or whose name is not the class's kind.
    """
    module = importlib.import_module(package)
    for info in pkgutil.iter_modules(getattr(module, "__path__", ())):
        importlib.import_module(f"{package}.{info.name}")
    return _built_in(root, package) | _installed(root, package)


def _built_in(root: type[C], package: str) -> dict[str, type[C]]:
    """Return the components of a package that are imported and can be written, by kind."""
    return {
        cls.kind: cls
        for cls in concrete(root)
        if cls.writable and f"{cls.__module__}.".startswith(f"{package}.")
    }


@lru_cache(maxsize=1)
def _entries(path: tuple[str, ...]) -> Any:  # noqa: ARG001
    """Return all entry points of the distributions on ``path``, ``sys.path``: read once."""
    return entry_points()


def _installed(root: type[C], package: str) -> dict[str, type[C]]:
    """Return the components that other distributions bring, by kind."""
    entries = _entries(tuple(sys.path)).select(group=package)
    return {entry.name: _loaded(root, entry) for entry in entries}


def _loaded(root: type[C], entry: EntryPoint) -> type[C]:
    name = f"the installed component {entry.name!r} ({entry.value})"
    try:
        cls = entry.load()
    except Exception as error:
        raise UsageError(f"{name} cannot be loaded: {error}") from error
    if not isinstance(cls, type) or not issubclass(cls, root):
        raise UsageError(f"{name} is no {root.__name__}")
    if cls.kind != entry.name:  # recipes that use it could not be read back
        raise UsageError(f"{name} has the kind {cls.kind!r}: name the entry point alike")
    return cls
