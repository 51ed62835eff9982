"""Components as plain data and back: what a recipe's TOML says, checked."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

from fluorosynth.core.check import concrete, fitted, options
from fluorosynth.core.component import Component, component, kinds
from fluorosynth.errors import UsageError

C = TypeVar("C", bound=Component)


def dump(value: Any) -> Any:
    """Return a component as dicts, lists and scalars; the first key of each dict is ``kind``.

    One that holds arrays is described by their fingerprint and cannot be loaded again.

    Parameters
    ----------
    value
        Component, or a value of one of its fields.

    Examples
    --------
    >>> from fluorosynth.ranges import Uniform
    >>> dump(Uniform(0.6, 1.4))
    {'kind': 'uniform', 'low': 0.6, 'high': 1.4}
    """
    if isinstance(value, Component):
        plain = dump_fields(value) if value.writable else {"fingerprint": value.fingerprint}
        return {"kind": value.kind, **{k: v for k, v in plain.items() if v is not None}}
    if isinstance(value, tuple):
        return [dump(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return dump_fields(value)
    return value.as_posix() if isinstance(value, Path) else value


def dump_fields(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass as plain data.

    Parameters
    ----------
    value
        Instance of a dataclass.
    """
    return {f.name: dump(getattr(value, f.name)) for f in fields(value)}


def load(root: type[C], plain: object, where: str = "", folder: Path | None = None) -> C:
    """Build the component of family ``root`` that ``plain`` describes.

    Parameters
    ----------
    root
        Family of the component: ``Range``, ``BackgroundSource``, ``DeviceSource`` or ``Stage``.
    plain
        Description as ``dump`` returns it. Left-out keys take their defaults.
    where
        Key of the description in its document, for messages.
    folder
        Folder that relative paths are relative to; None leaves them as they are.

    Raises
    ------
    UsageError
        For an unknown kind or key (with the nearest known one), a wrong type or value.
    """
    if not isinstance(plain, Mapping) or not isinstance(plain.get("kind"), str):
        known = kinds(root, root.package)
        raise UsageError(
            f"{where}: expected a table such as {_such_as(known, plain)}, not {plain!r}; "
            f"kinds: {', '.join(sorted(known))}"
        )
    cls = component(root, plain["kind"])
    if cls is None:
        raise UsageError(f"{where}.kind: {_no_kind(root, plain['kind'])}")
    fields_ = {k: v for k, v in plain.items() if k != "kind"}
    built: C = build(cls, fields_, where, folder)
    return built


def _no_kind(root: type[Component], kind: str) -> str:
    """Return why a recipe cannot name a kind."""
    known = kinds(root, root.package)
    if any(cls.kind == kind and not cls.writable for cls in concrete(root)):
        return (
            f"{kind!r} holds arrays, which no file says: write them to files and "
            f"name these; kinds: {', '.join(sorted(known))}"
        )
    return f"no {kind!r} here{did_you_mean(kind, known)}"


def build(cls: type[Any], plain: Mapping[str, Any], where: str, folder: Path | None) -> Any:
    """Build the dataclass ``cls`` from a mapping of its fields; see ``load``.

    Parameters
    ----------
    plain
        Values by field.
    where
        Key of the mapping in its document, for messages; empty: the document.
    folder
        Folder that relative paths are relative to; None leaves them as they are.
    """
    hints = typing.get_type_hints(cls, include_extras=True)
    names = [f.name for f in fields(cls)]
    inside = f"{where}." if where else ""
    for key in plain:
        if key not in names:
            raise UsageError(f"{inside}{key}: unknown key{did_you_mean(key, names)}")
    for name in required(cls):
        if name not in plain:
            raise UsageError(f"{inside}{name} is missing: add {_entry(name, hints[name])}")
    values = {
        key: _value(hints[key], value, f"{inside}{key}", folder) for key, value in plain.items()
    }
    try:
        return cls(**values)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{where or cls.__name__}: {error}") from None


def required(cls: type[Any]) -> list[str]:
    """Return the names of the fields of a dataclass that have no default."""
    return [f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown word.

    Parameters
    ----------
    word
        Word that is not known.
    known
        Words that are.
    """
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(names)}"


def _value(hint: Any, value: Any, where: str, folder: Path | None) -> Any:
    family = _family(hint)
    if family is not None:
        return load(family, value, where, folder)
    if isinstance(hint, type) and is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise UsageError(f"{where}: expected a table, not {value!r}")
        return build(hint, value, where, folder)
    arguments = typing.get_args(hint)
    family = _family(arguments[0]) if typing.get_origin(hint) is tuple else None
    if family is None:
        return _leaf(hint, value, where, folder)
    if not isinstance(value, list):
        raise UsageError(f"{where}: expected {_entry(where, hint)}, not {value!r}")
    return tuple(load(family, v, f"{where}[{i}]", folder) for i, v in enumerate(value))


def _entry(where: str, hint: Any) -> str:
    """Return how a key is written, for a message."""
    arguments = typing.get_args(hint)
    family = _family(arguments[0]) if typing.get_origin(hint) is tuple else None
    name = where.rpartition(".")[2]
    if family is None:
        return f"{name} = ..."
    known = f"with a key kind ({', '.join(sorted(kinds(family, family.package)))})"
    return f"tables {known} in a list" if "." in where else f"a table [[{name}]] {known}"


def _such_as(known: Mapping[str, type[Any]], plain: object) -> str:
    """Return the table that numbers were meant for, or the first that there is."""
    given = plain if isinstance(plain, list) else [plain]
    numbers = [value for value in given if isinstance(value, int | float)]
    for kind, cls in known.items():
        names = required(cls)
        if numbers and len(names) == len(numbers) and cls.__annotations__[names[0]] == "float":
            pairs = ", ".join(
                f"{name} = {value}" for name, value in zip(names, numbers, strict=True)
            )
            return f'{{ kind = "{kind}", {pairs} }}'
    return f'{{ kind = "{min(known)}" }}'


def _leaf(hint: Any, value: Any, where: str, folder: Path | None) -> Any:
    try:
        fit = fitted(hint, value)
    except ValueError as error:
        raise UsageError(f"{where}{error}") from None
    return folder / fit if isinstance(fit, Path) and folder is not None else fit


def _family(hint: Any) -> type[Component] | None:
    """Return the root of components that a field of this type holds, if any."""
    for option in (hint, *options(hint)):
        if isinstance(option, type) and issubclass(option, Component) and "package" in vars(option):
            return option
    return None
