"""Fields against their type hints, once, when a dataclass is built; by pydantic."""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Callable
from dataclasses import fields
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

from fluorosynth.errors import UsageError

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError


class Checked:
    """Root of dataclasses that hold settings: what does not fit a field's type hint is refused.

    A list becomes a tuple, a text a path, a whole number a float and a NumPy scalar Python's,
    where the hint asks for it. A ``__post_init__`` of a subclass runs after the check.

    Raises
    ------
    UsageError
        Naming the class, the field, what it takes and the value.

    Examples
    --------
    >>> from fluorosynth.stages.attenuate import Attenuate
    >>> Attenuate(overlap=7)
    Traceback (most recent call last):
    fluorosynth.errors.UsageError: Attenuate: `overlap` should be at most 1, not 7
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = cls.__dict__.get("__post_init__")
        if own is not None:
            cls.__post_init__ = _after_check(own)  # type: ignore[method-assign, assignment]

    def __post_init__(self) -> None:
        check_fields(self)


def _after_check(own: Callable[[Any], None]) -> Callable[[Any], None]:
    @wraps(own)
    def both(self: Any) -> None:
        check_fields(self)
        own(self)

    return both


def check_fields(built: Any) -> None:
    """Check the fields of a dataclass, and set those that its hints write otherwise.

    Parameters
    ----------
    built
        Instance of a frozen dataclass.
    """
    for name, hint in _hints(built.__class__).items():
        value = getattr(built, name)
        try:
            taken = fitted(hint, value)
        except ValueError as error:
            raise UsageError(f"{type(built).__name__}: `{name}`{error}") from None
        if taken is not value:
            object.__setattr__(built, name, taken)


def fitted(hint: Any, value: Any) -> Any:
    """Return a value as its hint wants it.

    Parameters
    ----------
    hint
        Annotation of a field.
    value
        Value given for it.

    Raises
    ------
    ValueError
        With what should be there instead, to be put after the value's name.

    Examples
    --------
    >>> fitted(tuple[float, ...], [1, 2.5])
    (1.0, 2.5)
    """
    if type(value) is hint and math.isfinite(value if hint is float else 0):
        return value  # spares importing pydantic where the library itself is imported
    if isinstance(hint, type) and issubclass(hint, Checked):
        if isinstance(value, hint):
            return value
        raise ValueError(f" {_wanted(hint, value)}")
    if isinstance(value, list):
        value = tuple(value)
    elif isinstance(value, str) and Path in (kinds := (hint, *options(hint))) and str not in kinds:
        value = Path(value)
    elif hasattr(value, "dtype") and not value.shape:
        value = value.item()
    from pydantic import ValidationError

    try:
        return _adapter(hint).validate_python(value)
    except ValidationError as error:
        keys, said = fault(error)
        for part in typing.get_args(hint):  # a tuple's elements
            if isinstance(part, type) and issubclass(part, Checked) and "instance of" in said:
                said = _wanted(part, error.errors(include_url=False)[0]["input"])
        where = "".join(f"[{key}]" for key in keys if isinstance(key, int))
        raise ValueError(f"{where} {said}") from None


def fault(error: ValidationError) -> tuple[tuple[int | str, ...], str]:
    """Return the keys to the first fault that pydantic found, and what should be there.

    Parameters
    ----------
    error
        Error of pydantic.
    """
    first = error.errors(include_url=False)[0]
    keys = tuple(key for key in first["loc"] if "[" not in str(key))  # a union's branch is no key
    if first["type"] == "missing":
        return keys, "is missing"
    if first["type"] == "extra_forbidden":
        return keys, "is no key here"
    if first["type"] == "value_error":  # a validator's own sentence
        return keys, str(first["ctx"]["error"])
    what, should, rest = first["msg"].partition("should")  # "Input should", "String should"
    said = should + rest or what
    for long, short in (
        ("greater than or equal to", "at least"),
        ("less than or equal to", "at most"),
        ("a valid tuple", "a list or tuple"),
    ):
        said = said.replace(long, short)
    return keys, f"{said}, not {_shown(first['input'])}"


def _wanted(cls: type[Any], value: Any) -> str:
    """Return what should stand in the place of a value that is no instance of a class."""
    names = [found.__name__ for found in concrete(cls)][:4]
    such_as = f" such as {', '.join(names)}" if names else ""
    opened = hasattr(cls, "open") and hasattr(value, "draw") and not isinstance(value, Checked)
    instead = "; that is opened: give the source itself, or `Memory` of your own arrays"
    return f"should be a {cls.__name__}{such_as}, not {_shown(value)}{instead if opened else ''}"


def _shown(value: Any) -> str:
    text = " ".join(repr(value).split())
    return f"a {type(value).__name__}" if " object at 0x" in text else text[:60]


def options(hint: Any) -> tuple[Any, ...]:
    """Return the members of a union, nothing of other hints.

    Parameters
    ----------
    hint
        Annotation of a field.
    """
    return typing.get_args(hint) if typing.get_origin(hint) in (Union, types.UnionType) else ()


def concrete(root: type[Any]) -> list[type[Any]]:
    """Return all subclasses that can be built, of those imported so far.

    Parameters
    ----------
    root
        Class to begin with.
    """
    classes = []
    for cls in root.__subclasses__():
        if not getattr(cls, "__abstractmethods__", None):
            classes.append(cls)
        classes.extend(concrete(cls))
    return classes


@cache
def _hints(cls: Any) -> dict[str, Any]:
    """Return the fields' hints; none where some are names that only a type checker sees."""
    try:
        hints = typing.get_type_hints(cls, include_extras=True)
    except NameError:
        return {}
    return {field.name: hints[field.name] for field in fields(cls)}


@cache
def _adapter(hint: Any) -> TypeAdapter[Any]:
    from pydantic import ConfigDict, TypeAdapter

    config = ConfigDict(strict=True, allow_inf_nan=False, arbitrary_types_allowed=True)
    return TypeAdapter(hint, config=config)
