"""Results that are read again: JSON files that name their format and its version."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fluorosynth.errors import BadDataError
from fluorosynth.io.atomic import replacing
from fluorosynth.io.guard import quoted, validated
from fluorosynth.io.text import read_json

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")


def write_result(result: DataclassInstance, named: tuple[str, int], path: Path) -> None:
    """Write a result as JSON.

    Parameters
    ----------
    result
        Result to write, of numbers that are finite.
    named
        Name of the format and its version.
    path
        File to write.
    """
    plain = {"format": named[0], "format_version": named[1], **asdict(result)}
    with replacing(path) as part:
        part.write_text(json.dumps(plain, indent=1, allow_nan=False) + "\n", "utf-8")


def read_result(kind: type[T], named: tuple[str, int], path: Path) -> T:
    """Read a result.

    Parameters
    ----------
    kind
        Dataclass of the result.
    named
        Name of the format and its version.
    path
        File to read.

    Raises
    ------
    BadDataError
        When it is missing, or no such file.
    """
    from pydantic import TypeAdapter

    plain = read_json(path)
    found: dict[str, Any] = plain if isinstance(plain, dict) else {}
    if found.pop("format", None) != named[0]:
        raise BadDataError(f"{quoted(path)} is no file of the format {named[0]}")
    if found.pop("format_version", None) != named[1]:
        raise BadDataError(f"{quoted(path)} is of another version of fluorosynth")
    with validated(quoted(path)):
        return TypeAdapter(kind).validate_python(found)
