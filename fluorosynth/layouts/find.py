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


def find_layout(root: Path, kind: str = "") -> Layout | None:
    """Open a set by the layout that it has.

    Parameters
    ----------
    root
        Folder of the set.
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
        return LAYOUTS[kind](root)
    if not root.is_dir():
        return None
    fitting = [name for name, layout in LAYOUTS.items() if layout.matches(root)]
    if len(fitting) > 1:
        raise UsageError(f"{root} may be laid out as {' or '.join(fitting)}: say which by `layout`")
    return LAYOUTS[fitting[0]](root) if fitting else None
