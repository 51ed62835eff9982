"""Background sources from what names them: a path, a glob, or sources as they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fluorosynth.backgrounds.base import BackgroundSource
from fluorosynth.backgrounds.ct import Ct
from fluorosynth.backgrounds.folder import Folder
from fluorosynth.io.volume import is_nifti


def background_sources(
    src: str | Path | BackgroundSource | Sequence[BackgroundSource],
    skip_bad: bool = False,
    invert: bool = False,
) -> tuple[BackgroundSource, ...]:
    """Return the sources that ``src`` names.

    Parameters
    ----------
    src
        NIfTI file of a CT; frames as a file, a folder or a glob; a source; or several sources.
    skip_bad
        Whether frames that cannot be read are left out; otherwise the first is refused by name.
    invert
        Whether dense material is bright in frames that are named by a path.

    Returns
    -------
    The sources, not opened yet.

    Examples
    --------
    >>> [background_sources(name)[0].kind for name in ("chest.nii.gz", "runs/*.dcm")]
    ['ct', 'folder']
    """
    if isinstance(src, str | Path):
        if is_nifti(Path(src)):
            return (Ct(Path(src)),)
        return (Folder(Path(src), skip_bad=skip_bad, invert=invert),)
    several: Any = src if isinstance(src, Sequence) else (src,)
    return tuple(several)
