"""Device sources from what names them: a path, a glob, or sources as they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fluorosynth.devices.base import DeviceSource
from fluorosynth.devices.masks import Masks
from fluorosynth.devices.polylines import Polylines
from fluorosynth.errors import BadDataError
from fluorosynth.io.sources import find_masks, find_sources

_LINES = (".json", ".csv")


def device_sources(
    src: str | Path | DeviceSource | Sequence[DeviceSource],
    skip_bad: bool = False,
    frame_size: tuple[int, int] | None = None,
) -> tuple[DeviceSource, ...]:
    """Return the sources that ``src`` names.

    Parameters
    ----------
    src
        Centrelines as a JSON or CSV file, or a folder that holds such files and no masks; masks as
        a folder or a glob; a source; or several.
    skip_bad
        Whether files that cannot be used are left out; otherwise the first is refused by name.
    frame_size
        Height and width in pixels of the frames that centrelines are in, where they do not say.

    Returns
    -------
    The sources, not opened yet.

    Examples
    --------
    >>> [device_sources(name)[0].kind for name in ("traced.json", "masks")]
    ['polylines', 'masks']
    """
    if isinstance(src, str | Path):
        path = Path(src)
        if _is_lines(path):
            return (Polylines(path, frame_size=frame_size, skip_bad=skip_bad),)
        return (Masks(path, skip_bad=skip_bad),)
    several: Any = src if isinstance(src, Sequence) else (src,)
    return tuple(several)


def _is_lines(path: Path) -> bool:
    """Tell whether a path is one of centrelines rather than masks."""
    if not path.is_dir():
        return path.suffix.lower() in _LINES
    try:
        find_masks(path)
    except BadDataError:
        try:
            return bool(find_sources(path, _LINES))
        except BadDataError:  # neither: opening it says so
            return False
    return False
