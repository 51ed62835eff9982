"""Recipes written before version 0.3: each of their parts said a scale and a voltage of its own."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from fluorosynth.errors import DataWarning, UsageError

SCALED = "attenuate", "vessels", "clutter", "bedside"  # first: whose law is taken if they differ
DRAWN = "spline", "walk"


def read_older(plain: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a recipe with its older keys as they are called now; others as they are.

    ``spacing`` and ``kvp`` of stages, and ``spacing`` of ``motion``, are laws of the picture now,
    in ``view``; ``mm`` of drawn instruments is ``px_per_mm``.

    Parameters
    ----------
    plain
        Recipe as dicts, lists and scalars; it is not changed.

    Raises
    ------
    UsageError
        Where the recipe says both, and so which one counts is open.

    Warns
    -----
    DataWarning
        Where stages said different laws: a picture has one scale, so one of them is taken.

    Examples
    --------
    >>> law = {"kind": "constant", "value": 0.5}
    >>> read_older({"stages": [{"kind": "clutter", "spacing": law, "dots": 1.0}]})["view"]
    {'mm_per_px': {'kind': 'constant', 'value': 0.5}}
    """
    stages = [table for table in _tables(plain.get("stages")) if table.get("kind") in SCALED]
    stages.sort(key=lambda table: SCALED.index(table["kind"]))
    motion = plain.get("motion")
    places = [*stages, motion] if isinstance(motion, Mapping) else stages
    laws = {
        new: [table[old] for table in places if old in table]
        for old, new in (("spacing", "mm_per_px"), ("kvp", "kvp"))
    }
    drawn = any("mm" in table for table in _tables(plain.get("devices")))
    if not drawn and not any(laws.values()):
        return plain
    view = dict(plain.get("view", {}))
    for name, said in laws.items():
        if said and name in view:
            raise UsageError(
                "a picture has one scale and one voltage, which no stage says for itself: set "
                f"`view.{name}`"
            )
        if any(law != said[0] for law in said):
            warnings.warn(
                f"the recipe says {len(said)} laws of its pictures' scale or voltage, as before "
                f"version 0.3; one counts now, {said[0]}: write it as `{name}` of the table `view`",
                DataWarning,
                stacklevel=4,
            )
    view |= {name: said[0] for name, said in laws.items() if said}
    renewed: dict[str, Any] = _renewed(dict(plain))
    return {**renewed, "view": view} if view else renewed


def _tables(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _tables(inner)


def _renewed(value: Any, key: str = "") -> Any:
    """Return plain data without the older keys."""
    if isinstance(value, list):
        return [_renewed(inner) for inner in value]
    if not isinstance(value, Mapping):
        return value
    kind = value.get("kind", key)
    gone = ("spacing", "kvp") if kind in SCALED else ("spacing",) if kind == "motion" else ()
    return {
        "px_per_mm" if name == "mm" and kind in DRAWN else name: _renewed(inner, name)
        for name, inner in value.items()
        if name not in gone
    }
