"""The page of one component: its sentence, its picture, its parameters, its lines."""

from __future__ import annotations

import inspect
import json
import re
import types
import typing
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Annotated, Any, Literal, Union

import griffe
from lines import (
    changed,
    components,
    default,
    example,
    source_lines,
    stage_example,
    stage_lines,
)

from fluorosynth.core.component import Component
from fluorosynth.core.spec import dump
from fluorosynth.ranges import Constant, LogUniform, Range, Uniform
from fluorosynth.stages import Stage
from fluorosynth.stages.order import ANY, either

PLAIN = {float: "number", int: "integer", bool: "yes or no", str: "text", Path: "path"}
LAWS = "../../recipes.md#ranges"
CAPTIONS = {
    "stages": "Before and after.",
    "backgrounds": "What it draws.",
    "devices": "What it draws, each curve as wide as it is.",
    "ct": "The pack `chest_drr`, which this source made of one chest CT.",
    "masks": "Curves traced from four masks.",
}


def page(family: str, kind: str) -> str:
    """Return the Markdown of a component's page."""
    cls = components(family)[kind]
    text, rest = _prose(cls)
    lines = stage_lines(stage_example(kind)) if family == "stages" else source_lines(family, kind)
    caption = CAPTIONS.get(kind, CAPTIONS[family])
    parts = [
        f"# {kind}",
        text,
        f"![{caption}]({kind}.png)",
        f"*{caption}*",
        rest,
        order(cls),
        "## Parameters",
        table(cls),
        "## Alone",
        f"```python\n{lines}\n```",
    ]
    if cls.writable:
        plain = toml(example(family, kind))
        parts += ["## In a recipe", f"```toml\n[[{family}]]\n{plain}```"]
    parts.append(f"In the reference: [`{cls.__module__}.{cls.__qualname__}`][].")
    return "\n\n".join(part for part in parts if part) + "\n"


def order(cls: Any) -> str:
    """Return where a stage can stand: what it takes and what it gives."""
    if not issubclass(cls, Stage) or cls.takes == ANY:
        return ""
    gives = f"gives one that is {cls.gives}" if cls.gives else "leaves it so"
    return f"It takes a sample that is {either(cls.takes)}, and {gives}."


def toml(component: Component) -> str:
    """Return the TOML of a component's kind and of the fields that are set."""
    plain, written = dump(component), [f'kind = "{component.kind}"']
    written += [f"{field.name} = {_inline(plain[field.name])}" for field in changed(component)]
    return "\n".join(written) + "\n"


def _inline(plain: Any) -> str:
    if isinstance(plain, dict):
        return "{ " + ", ".join(f"{key} = {_inline(v)}" for key, v in plain.items()) + " }"
    if isinstance(plain, list) and plain and isinstance(plain[0], dict):
        return "[\n" + "".join(f"    {_inline(table)},\n" for table in plain) + "]"
    if isinstance(plain, list):
        return "[" + ", ".join(map(_inline, plain)) + "]"
    return json.dumps(plain)


def table(cls: type[Component]) -> str:
    """Return the table of a component's parameters."""
    told = descriptions(cls)
    hints = typing.get_type_hints(cls, include_extras=True)
    rows = []
    for field in fields(cls):  # type: ignore[arg-type]
        takes, is_ = _takes(hints[field.name]), told.get(field.name, "")
        rows.append(f"| `{field.name}` | {_default(default(field))} | {takes} | {is_} |")
    if not rows:
        return "None."
    return "\n".join(["| parameter | default | takes | meaning |", "|---|---|---|---|", *rows])


def descriptions(cls: type[Any]) -> dict[str, str]:
    """Return what the docstrings of a class and its bases say about each parameter."""
    told: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        for section in _sections(base):
            if section.kind is griffe.DocstringSectionKind.parameters:
                told |= {p.name: " ".join(p.description.split()) for p in section.value}
    return told


def summary(cls: type[Any]) -> str:
    """Return the first sentence of a docstring."""
    return (inspect.getdoc(cls) or "").split("\n\n")[0].replace("\n", " ")


def _prose(cls: type[Any]) -> tuple[str, str]:
    """Return the first paragraph and the others, with doubled backticks made single."""
    found = [s.value for s in _sections(cls) if s.kind is griffe.DocstringSectionKind.text]
    first, _, rest = re.sub(r"``([^`]*)``", r"`\1`", "\n\n".join(found)).partition("\n\n")
    return first, rest


def _sections(cls: type[Any]) -> list[Any]:
    own = inspect.cleandoc(vars(cls).get("__doc__") or "")
    return list(griffe.Docstring(own).parse("numpy", warnings=False))


def _default(value: Any) -> str:
    """Return a default as people say it."""
    if value is MISSING:
        return "required"
    if isinstance(value, Uniform):
        return f"uniform, {value.low:g} to {value.high:g}"
    if isinstance(value, LogUniform):
        return f"log-uniform, {value.low:g} to {value.high:g}"
    if isinstance(value, Constant):
        return f"{value.value:g}"
    if isinstance(value, tuple):
        return ", ".join(map(_default, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else f"`{value}`" if isinstance(value, str) else f"{value:g}"


def _takes(hint: Any) -> str:
    """Return an annotation as people say it."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return _takes(arguments[0]) + "".join(map(_bounds, arguments[1:]))
    if origin is Literal:
        return ", ".join(f"`{choice}`" for choice in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join({_takes(part): 0 for part in arguments if part is not type(None)})
    if origin is tuple:
        return f"list, each {_takes(arguments[0])}"
    if isinstance(hint, type) and issubclass(hint, Range):
        return f"[law]({LAWS})"
    if isinstance(hint, type) and issubclass(hint, Component):
        return "stage"
    return PLAIN.get(hint, "arrays")


def _bounds(limit: Any) -> str:
    """Return what an annotation allows of a number."""
    low, high = getattr(limit, "ge", None), getattr(limit, "le", None)
    if low is not None and high is not None:
        return f", {low:g} to {high:g}"
    signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
    ends = {sign: getattr(limit, name, None) for name, sign in signs.items()}
    return "".join(f", {sign} {end:g}" for sign, end in ends.items() if end is not None)
