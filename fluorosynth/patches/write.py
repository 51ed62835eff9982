"""A folder of patches: pictures, manifest, contact sheet; whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.contact_sheet import contact_sheet, png_bytes
from fluorosynth.patches.manifest import NAME, manifest_text
from fluorosynth.patches.windows import Patch

SHEET = "contact_sheet.png"
README = (
    "Instrument-free patches cut by `fluorosynth patches`. Look at contact_sheet.png; strike out "
    "a bad patch by deleting its line in patches.csv, which says where each was cut.\n"
)


def write_patches(patches: Mapping[str, Patch], out: str | Path) -> None:
    """Write ``{file name: patch}`` with ``patches.csv``, ``contact_sheet.png`` and a README.

    The folder is made under a temporary name and renamed when complete.

    Raises
    ------
    UsageError
        When ``out`` exists and is not an empty folder.
    BadDataError
        When it cannot be written.
    """
    out = Path(out)
    refuse_existing(out)
    partial = out.parent / f".{out.name}.{os.getpid()}.partial"
    try:
        partial.mkdir(parents=True)
        for name, content in _files(patches).items():
            (partial / name).write_bytes(content)
        if out.exists():
            out.rmdir()
        partial.rename(out)
    except OSError as error:
        raise BadDataError(f"{out} cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def refuse_existing(out: Path) -> None:
    """Raise UsageError unless ``out`` is free to write to."""
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise UsageError(f"{out} exists already; remove it or give another `out`")


def _files(patches: Mapping[str, Patch]) -> dict[str, bytes]:
    tiles = [patch.image for patch in patches.values()]
    sheet = contact_sheet(tiles, labels=[Path(name).stem for name in patches])
    pictures = {name: png_bytes(patch.image, 9) for name, patch in patches.items()}
    windows = {name: patch.window for name, patch in patches.items()}
    text = {NAME: manifest_text(windows).encode(), "README.txt": README.encode()}
    return pictures | text | {SHEET: png_bytes(sheet)}
