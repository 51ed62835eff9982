"""Which files are masks, and which mask is of which frame: one rule for all commands."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import quoted, untrusted
from fluorosynth.io.mask_file import MaskFile
from fluorosynth.io.mask_values import MaskValues
from fluorosynth.io.names import MASKS, stem
from fluorosynth.io.published import is_label_file, label_file
from fluorosynth.io.walk import files_below
from fluorosynth.sample import IGNORE, INSTRUMENT

STATED = "masks.json"
MASK_FOLDERS = ("masks", "labelsTr", "labelsTs")
_BESIDE_MASKS = ("instruments", "overlays", "probabilities", "centrelines", "segmentations")
_BESIDE = {  # what is written beside pictures, and the file that says so
    "contact_sheet.png": "patches.csv",
    "windows.png": "patches.csv",
    "preview.png": "dataset.json",
    "first.png": "dataset.json",
}


def is_mask(path: Path, root: Path, masks: Path | None = None) -> bool:
    """Tell whether a file found below ``root`` is a mask rather than a frame.

    It is one by its name (``NAME_mask.png``, ``NAME_label.hdf5``), by a folder ``masks`` or
    nnU-Net's ``labelsTr`` that it lies in, or because it lies in the folder ``masks`` given.

    Parameters
    ----------
    path
        File in question.
    root
        Folder that it was found below.
    masks
        Folder of masks, if one was named.
    """
    if masks is not None and masks in path.parents and (masks != root or "#" in path.stem):
        return True
    if path.stem.endswith("_mask") or is_label_file(path):
        return True
    return any(part in MASK_FOLDERS for part in _folders(path, root))


def is_by_product(path: Path, root: Path) -> bool:
    """Tell whether a file is what commands write beside masks and pictures, to be looked at.

    Parameters
    ----------
    path
        File in question.
    root
        Folder that it was found below.
    """
    if path.name in _BESIDE and path.with_name(_BESIDE[path.name]).is_file():
        return True
    place = root
    for part in _folders(path, root):
        if part in _BESIDE_MASKS and (place / "masks").is_dir():
            return True
        place = place / part
    return False


def frames_among(files: Iterable[Path], root: Path, masks: Path | None = None) -> list[Path]:
    """Return the files that are neither masks nor by-products.

    Parameters
    ----------
    files
        Files that were found.
    root
        Folder that they were found below.
    masks
        Folder of masks, if one was named.
    """
    return [f for f in files if not (is_mask(f, root, masks) or is_by_product(f, root))]


def masks_among(files: Sequence[Path], root: Path) -> list[Path]:
    """Return the masks among files: those by name or folder where there are any, else all.

    Parameters
    ----------
    files
        Files that were found.
    root
        Folder that they were found below.
    """
    named = [file for file in files if is_mask(file, root)]
    return named or [file for file in files if not is_by_product(file, root)]


def stated_values(masks: Iterable[MaskFile]) -> MaskValues | None:
    """Return what a file beside the masks says of their values, None where none does.

    ``masks.json`` beside the folder of masks does, as ``export --to folder`` writes it; older
    exports have ``instruments.json`` alone, beside masks of 0, 1 and 255 (ignore); nnU-Net's
    ``dataset.json`` lists the labels.

    Parameters
    ----------
    masks
        Masks that it would lie beside.

    Raises
    ------
    BadDataError
        When there is one and it is broken.
    """
    folders = {mask.path.parent for mask in masks}
    if len(folders) != 1:
        return None
    folder = folders.pop()
    if folder.name == "masks" and (folder.parent / STATED).is_file():
        return _of_export(folder.parent / STATED)
    if folder.name == "masks" and (folder.parent / "instruments.json").is_file():
        return MaskValues(instrument=(INSTRUMENT,), ignore=IGNORE)
    about = folder.parent / "dataset.json"
    if folder.name in MASK_FOLDERS[1:] and about.is_file():
        return _of_nnunet(about)
    return None


def _of_export(stated: Path) -> MaskValues:
    with untrusted(stated):
        values = json.loads(stated.read_text("utf-8"))
        return MaskValues(instrument=tuple(values["instrument"]), ignore=values["ignore"])


def _of_nnunet(about: Path) -> MaskValues | None:
    with untrusted(about):
        labels = json.loads(about.read_text("utf-8"))["labels"]
        numbers = {name: np.ravel(value).astype(int).tolist() for name, value in labels.items()}
    ignore = numbers.pop("ignore", [-1])[0]
    numbers.pop("background", None)
    found = {number for several in numbers.values() for number in several} - {0, ignore}
    return MaskValues(instrument=tuple(sorted(found)), ignore=ignore) if found else None


class MaskFolder:
    """A folder of masks that are named like frames.

    For frame 7 of ``run/a.dcm`` the mask is ``run/a#7.png``, else ``run/a/00007.png`` as
    ``predict`` writes it, else ``run/a_mask.png`` or ``run/a.png``, which hold for all frames of
    the file. A mask may also be named by the frame's whole name, ``run/a.dcm.png``. The frames of
    ``T1T2.hdf5`` have the rows of ``T1T2_label.hdf5``.

    Parameters
    ----------
    folder
        Searched to any depth.
    beside
        Whether only ``NAME_mask.png`` in the folder itself counts, where frames lie as well.
    """

    def __init__(self, folder: Path, beside: bool = False) -> None:
        self.folder = folder
        self._by_name: dict[str, Path] = {}
        numbered: dict[str, dict[int, Path]] = defaultdict(dict)
        for path in sorted(folder.glob("*_mask.*")) if beside else files_below(folder):
            if path.suffix.lower() in MASKS:
                name = path.relative_to(folder).with_suffix("").as_posix()
                self._add(name, path)
                if path.stem.isascii() and path.stem.isdigit():
                    numbered[PurePosixPath(name).parent.as_posix()][int(path.stem)] = path
        self._numbered = dict(numbered)

    def _add(self, name: str, path: Path) -> None:
        """Enter a mask by its name; a PNG comes before what is not made for masks."""
        other = self._by_name.get(name)
        if other is None or path.suffix.lower() == ".png":
            self._by_name[name] = path
        if other is not None and ".png" not in (path.suffix.lower(), other.suffix.lower()):
            raise BadDataError(
                f"{quoted(other)} and {quoted(path)} are masks of one name: keep one of them"
            )

    def of(self, name: str, frame: int) -> MaskFile | None:
        """Return the mask of a frame, if any: its own, or the one of the whole file.

        Parameters
        ----------
        name
            Name of the file of frames, relative to its folder.
        frame
            Number of the frame, from 0.
        """
        own = self.of_one_frame(name, frame)
        return own if own is not None else self.of_whole(name)

    def of_one_frame(self, name: str, frame: int) -> MaskFile | None:
        """Return the mask of this very frame of a file, if any.

        Parameters
        ----------
        name
            Name of the file of frames, relative to its folder.
        frame
            Number of the frame, from 0.
        """
        if name.endswith(".hdf5"):
            labels = label_file(self.folder / name)
            return None if labels is None else MaskFile(labels, frame)
        for base in (name, stem(name)):
            numbered = self._numbered.get(base, {}).get(frame)
            names = (f"{base}#{frame}", f"{base}#{frame}_mask")
            for path in (*map(self._by_name.get, names), numbered):
                if path is not None:
                    return MaskFile(path)
        return None

    def of_whole(self, name: str) -> MaskFile | None:
        """Return the mask that holds for all frames of a file, if any.

        Parameters
        ----------
        name
            Name of the file of frames, relative to its folder.
        """
        if name.endswith(".hdf5"):
            return None
        for base in (name, stem(name)):
            for ending in ("_mask", ""):
                if (path := self._by_name.get(base + ending)) is not None:
                    return MaskFile(path)
        return None


def _folders(path: Path, root: Path) -> tuple[str, ...]:
    """Return the folders between ``root`` and the file."""
    return path.relative_to(root).parts[:-1] if root in path.parents else ()
