"""Device sources from what names them: a path, a glob, or sources as they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fluorosynth.devices.base import DeviceSource
from fluorosynth.devices.masks import Masks
from fluorosynth.devices.none import NoInstrument
from fluorosynth.devices.polylines import Polylines


def device_sources(
    src: str | Path | DeviceSource | Sequence[DeviceSource],
) -> tuple[DeviceSource, ...]:
    """Return the sources that ``src`` names.

    Parameters
    ----------
    src
        Centrelines as a JSON or CSV file; masks as a folder or a glob; a source; or several.

    Returns
    -------
    The sources, not opened yet.

    Examples
    --------
    >>> [device_sources(name)[0].kind for name in ("traced.json", "masks")]
    ['polylines', 'masks']
    """
    if isinstance(src, str | Path):
        lines = Path(src).suffix.lower() in {".json", ".csv"}
        return (Polylines(Path(src)) if lines else Masks(Path(src)),)
    several: Any = src if isinstance(src, Sequence) else (src,)
    return tuple(several)


def instead_of(
    old: Sequence[DeviceSource], odds: Sequence[float], new: tuple[DeviceSource, ...]
) -> tuple[tuple[DeviceSource, ...], tuple[float, ...]]:
    """Return new sources, equally likely, and as many pictures without instruments as there were.

    Parameters
    ----------
    old
        Sources of a recipe.
    odds
        Their relative odds; empty: equal.
    new
        Sources to take their place.

    Returns
    -------
    Sources and odds: ``new`` and no odds where ``old`` was all instruments, or none at all.

    Examples
    --------
    >>> sources, odds = instead_of((Masks("a"), NoInstrument()), (3, 1), (Masks("b"), Masks("c")))
    >>> [source.kind for source in sources], odds
    (['masks', 'masks', 'none'], (1.5, 1.5, 1.0))
    """
    shares = dict.fromkeys((False, True), 0.0)
    for source, share in zip(old, odds or [1.0] * len(old), strict=True):
        shares[isinstance(source, NoInstrument)] += share
    if not all(shares.values()) or any(isinstance(source, NoInstrument) for source in new):
        return new, ()
    return (*new, NoInstrument()), (*[shares[False] / len(new)] * len(new), shares[True])
