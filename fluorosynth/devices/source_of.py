"""Device sources from what names them: a path, a glob, or sources as they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fluorosynth.devices.base import DeviceSource
from fluorosynth.devices.masks import Masks
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
