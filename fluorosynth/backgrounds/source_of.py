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
    src: str | Path | BackgroundSource | Sequence[BackgroundSource], skip_bad: bool = False
) -> tuple[BackgroundSource, ...]:
    """Return the sources that ``src`` names.

    Parameters
    ----------
    src
        NIfTI file of a CT; frames as a file, a folder or a glob; a source; or several sources.
    skip_bad
        Whether frames that cannot be read are left out; otherwise the first is refused by name.

    Returns
    -------
    The sources, not opened yet.

    Examples
    --------
    >>> [background_sources(name)[0].kind for name in ("chest.nii.gz", "runs/*.dcm")]
    ['ct', 'folder']
    """
    if isinstance(src, str | Path):
        return (Ct(Path(src)) if is_nifti(Path(src)) else Folder(Path(src), skip_bad=skip_bad),)
    several: Any = src if isinstance(src, Sequence) else (src,)
    return tuple(several)
