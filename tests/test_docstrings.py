"""The form of public docstrings: numpydoc's own validation, and one entry for each parameter."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from numpydoc.docscrape import NumpyDocString
from numpydoc.hooks.validate_docstrings import parse_config
from numpydoc.validate import Validator, get_doc_object, validate

import fluorosynth

CONFIG = parse_config(Path(__file__).parents[1])  # [tool.numpydoc_validation] of pyproject.toml
MODULES = [module.name for module in pkgutil.walk_packages(fluorosynth.__path__, "fluorosynth.")]
NO_NOUNS = {  # words that a description of a parameter does not begin with
    *(
        "A",
        "An",
        "At",
        "By",
        "For",
        "How",
        "In",
        "Leave",
        "None",
        "Of",
        "On",
        "One",
        "Only",
        "That",
    ),
    *("The", "Use", "What", "When", "Where", "Which", "Whose", "With"),
}
INHERITED = {"PR01", "PR03"}  # what a base class documents need not be said again


def public(module: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the full name of each public thing that a module defines, and its twins in bases."""
    if any(part.startswith("_") for part in module.split(".")):
        return
    for name, thing in vars(importlib.import_module(module)).items():
        plain = inspect.unwrap(thing) if callable(thing) else thing
        if name.startswith("_") or getattr(plain, "__module__", None) != module:
            continue
        if inspect.isclass(thing):
            bases = [b for b in thing.__mro__[1:] if b.__module__.startswith("fluorosynth")]
            yield f"{module}.{name}", tuple(f"{b.__module__}.{b.__qualname__}" for b in bases)
            for key, member in vars(thing).items():
                kinds = property | classmethod | staticmethod
                if not key.startswith("_") and (
                    inspect.isfunction(member) or isinstance(member, kinds)
                ):
                    twins = [b for b in bases if key in vars(b)]
                    yield (
                        f"{module}.{name}.{key}",
                        tuple(f"{b.__module__}.{b.__qualname__}.{key}" for b in twins),
                    )
        elif inspect.isroutine(plain):
            yield f"{module}.{name}", ()


@cache
def documented(name: str) -> dict[str, Any]:
    """Return the parameters that the docstring of ``name`` has, by name."""
    return dict(Validator(get_doc_object(Validator._load_obj(name))).doc_all_parameters)


def built_elsewhere(thing: Any) -> bool:
    """Tell whether a class takes the arguments of another library, or none: a protocol, a layer."""
    if not inspect.isclass(thing):
        return False
    return str(getattr(thing.__init__, "__module__", "")).startswith(("typing", "torch"))


def faults(name: str, bases: tuple[str, ...]) -> Iterator[str]:
    """Yield what is wrong with the docstring of ``name``, less what its bases make good."""
    thing = Validator._load_obj(name)
    missing = Validator(get_doc_object(thing)).signature_parameters
    told = documented(name).keys() | {key for base in bases for key in documented(base)}
    known = (told >= set(missing) and bool(bases)) or built_elsewhere(thing)
    for code, text in validate(name)["errors"]:
        if code in CONFIG["checks"] and not (code in INHERITED and known):
            yield f"{code} {text}"
    for parameter in NumpyDocString(inspect.getdoc(thing) or "")["Parameters"]:
        if "," in parameter.name:
            yield f"parameters {parameter.name!r} share an entry"
        first = " ".join(parameter.desc).partition(" ")[0]
        if first in NO_NOUNS or not first[:1].isupper():
            yield f"parameter {parameter.name!r} should begin with a noun, not {first!r}"


@pytest.mark.parametrize("module", MODULES)
def test_docstrings(module: str) -> None:
    found = [
        f"{name}: {fault}"
        for name, bases in public(module)
        if not (CONFIG["exclude"] and re.search(CONFIG["exclude"], name))
        for fault in faults(name, bases)
    ]
    assert found == []
