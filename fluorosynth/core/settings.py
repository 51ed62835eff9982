"""One value of plain data changed by its name: ``jitter.amount=20``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

from fluorosynth.core.spec import did_you_mean
from fluorosynth.errors import UsageError


def change(plain: dict[str, Any], setting: str) -> None:
    """Change all that a setting names, in place.

    Parameters
    ----------
    plain
        Tables and lists as a TOML reader returns them, with every key that there is.
    setting
        Text: ``kind.key=value`` for a key of all tables of that kind, ``kind.key.key=value`` for
        one of a table inside, or ``key=value`` for one of ``plain`` itself. The value is TOML, or
        else a text.

    Raises
    ------
    UsageError
        For a setting of another form, or that names nothing.

    Examples
    --------
    >>> plain = {"stages": [{"kind": "jitter", "amount": 50}]}
    >>> change(plain, "jitter.amount=20")
    >>> plain["stages"]
    [{'kind': 'jitter', 'amount': 20}]
    """
    path, equals, text = setting.partition("=")
    *start, key = path.strip().split(".")
    if not equals or not key:
        raise UsageError(f"{setting!r}: write it as stage.key=value")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    tables = _tables(plain, start) if start else [plain]
    if not tables:
        known = {table["kind"] for table in _all(plain) if "kind" in table}
        raise UsageError(f"{setting!r}: nothing is a {start[0]!r}{did_you_mean(start[0], known)}")
    if not start and key not in plain:
        raise UsageError(f"{setting!r}: the recipe has no key {key!r}; write stage.key=value")
    for table in tables:
        table[key] = value


def _tables(plain: dict[str, Any], start: list[str]) -> list[dict[str, Any]]:
    """Return the tables of kind ``start[0]``, or the one at that key, and down the keys after."""
    tables = [table for table in _all(plain) if table.get("kind") == start[0]]
    if isinstance(plain.get(start[0]), dict):
        tables.append(plain[start[0]])
    for key in start[1:]:
        tables = [table[key] for table in tables if isinstance(table.get(key), dict)]
    return tables


def _all(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _all(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _all(inner)
