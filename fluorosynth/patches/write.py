"""A folder of patches: pictures, manifest, contact sheet; whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fluorosynth.io.contact_sheet import png_bytes
from fluorosynth.io.whole_folder import require_free, whole_folder
from fluorosynth.patches.manifest import NAME, manifest_text
from fluorosynth.patches.sheets import patch_sheet, window_sheet
from fluorosynth.patches.windows import Patch

SHEET, FRAMES = "contact_sheet.png", "windows.png"
README = (
    "Instrument-free patches cut by `fluorosynth patches`. Look at contact_sheet.png, where each "
    "is stretched from black to white, and at windows.png, the frames with the windows drawn; "
    "strike out a bad patch by deleting its line in patches.csv, which says where each was cut.\n"
)


def write_patches(
    patches: Mapping[str, Patch], out: str | Path, made_from: Mapping[str, Any] | None = None
) -> None:
    """Write patches with ``patches.csv``, ``contact_sheet.png``, ``windows.png`` and a README.

    The folder is made under a temporary name and renamed when complete.

    Parameters
    ----------
    patches
        Patches by the names of their files.
    out
        Folder to write, missing or empty.
    made_from
        Facts that the patches depend on, by which the same work is known again; see
        ``io.whole_folder``.

    Raises
    ------
    UsageError
        When ``out`` exists and is not an empty folder.
    BadDataError
        When it cannot be written.
    """
    out, made_from = Path(out), dict(made_from or {"patches": sorted(patches)})
    require_free(out)
    with whole_folder(out, made_from) as folder:
        for name, content in _files(patches).items():
            (folder / name).write_bytes(content)


def _files(patches: Mapping[str, Patch]) -> dict[str, bytes]:
    pictures = {name: png_bytes(patch.image, 9) for name, patch in patches.items()}
    windows = {name: patch.window for name, patch in patches.items()}
    text = {NAME: manifest_text(windows).encode(), "README.txt": README.encode()}
    sheets = {SHEET: png_bytes(patch_sheet(patches))}
    if any(patch.view is not None for patch in patches.values()):
        sheets[FRAMES] = png_bytes(window_sheet(patches))
    return pictures | text | sheets
