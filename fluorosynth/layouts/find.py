"""Which layout a folder has."""

from __future__ import annotations

from pathlib import Path

from fluorosynth.core.spec import did_you_mean
from fluorosynth.errors import UsageError
from fluorosynth.layouts.base import Layout
from fluorosynth.layouts.cathaction import CathAction
from fluorosynth.layouts.coco import CocoSet
from fluorosynth.layouts.cvat import Cvat
from fluorosynth.layouts.davis import Davis
from fluorosynth.layouts.guide3d import Guide3D
from fluorosynth.layouts.labelme import LabelMe
from fluorosynth.layouts.mosxav import Mosxav
from fluorosynth.layouts.nnunet import NnUNetRaw

LAYOUTS: dict[str, type[Layout]] = {
    layout.kind: layout
    for layout in (Mosxav, CathAction, Guide3D, Davis, NnUNetRaw, CocoSet, Cvat, LabelMe)
}

DEPTH = 3  # folders of one folder each that are looked through


def find_layout(root: Path, kind: str = "") -> Layout | None:
    """Open a set by the layout that it has.

    Parameters
    ----------
    root
        Folder of the set, or one that holds nothing but it, as archives are unpacked.
    kind
        Name of a layout, a key of ``LAYOUTS``; empty: by itself.

    Returns
    -------
    Layout or None
        None where no layout fits.

    Raises
    ------
    UsageError
        For an unknown name, or where two layouts fit.
    BadDataError
        For a set that is broken.
    """
    if kind:
        if kind not in LAYOUTS:
            raise UsageError(f"no `layout` {kind!r}{did_you_mean(kind, LAYOUTS)}")
        return LAYOUTS[kind](root if LAYOUTS[kind].matches(root) else _innermost(root, kind))
    if not root.is_dir():
        return None
    if not (fitting := _fitting(root)):
        root = _innermost(root)
        fitting = _fitting(root)
    if len(fitting) > 1:
        raise UsageError(f"{root} may be laid out as {' or '.join(fitting)}: say which by `layout`")
    return LAYOUTS[fitting[0]](root) if fitting else None


def _fitting(root: Path) -> list[str]:
    return [name for name, layout in LAYOUTS.items() if layout.matches(root)]


def _innermost(root: Path, kind: str = "") -> Path:
    """Return the folder in a folder of one folder that is a set, else the folder itself."""
    inner = root
    for _ in range(DEPTH):
        folders = [path for path in inner.iterdir() if path.is_dir() and _seen(path)]
        if len(folders) != 1:
            break
        inner = folders[0]
        if kind in _fitting(inner) or (not kind and _fitting(inner)):
            return inner
    return root


def _seen(path: Path) -> bool:
    return not path.name.startswith((".", "__"))  # __MACOSX
