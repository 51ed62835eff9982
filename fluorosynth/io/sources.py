"""Which files a file, a folder or a glob names: those of frames, and those of masks."""

from __future__ import annotations

import glob
import os
import warnings
from collections.abc import Collection, Sequence
from importlib import import_module
from pathlib import Path

from fluorosynth.errors import BadDataError, DataWarning, UsageError
from fluorosynth.io.guard import quoted, untrusted
from fluorosynth.io.names import BY_SUFFIX, MASKS, natural_key
from fluorosynth.io.pairing import frames_among, masks_among
from fluorosynth.io.place import absent
from fluorosynth.io.walk import files_below

SHARD = "shard-"  # how the files of a generated set begin


def find_sources(
    src: str | Path, suffixes: Collection[str] = (), masks: Path | None = None
) -> list[Path]:
    """Return the files of frames that ``src`` names, in natural order (frame10 after frame9).

    Parameters
    ----------
    src
        File, folder (searched to any depth, linked folders too) or glob such as
        ``runs/**/*.dcm``. A path that exists is taken literally, whatever characters it holds.
        DICOM files need no suffix; a generated set's are ``shard-*.h5``. Of folders and globs,
        hidden files, those of other formats, masks and what is written beside them are passed over;
        with a ``DataWarning``, also DICOM that is no image (a dose report) and files without suffix
        that may not be read.
    suffixes
        Suffixes to take from folders and globs, whatever the files are; by default those of all
        kinds of frames.
    masks
        Folder of masks: no frames lie in it.

    Raises
    ------
    BadDataError
        When nothing is there, or nothing that can be read.
    """
    path, found = Path(src), _found(src)
    if suffixes:
        sources = [file for file in found if file == path or file.suffix.lower() in suffixes]
    elif found == [path]:
        sources = [path] if reader_name(path) else []
    else:
        sources = _frames(frames_among(found, _root(path, found), masks))
    if not sources:
        raise BadDataError(f"{quoted(src)} {why_nothing(path, found, suffixes or BY_SUFFIX)}")
    return sources


def find_masks(src: str | Path) -> list[Path]:
    """Return the masks, or published label files, that a source names, in natural order.

    Of a folder or glob that holds frames as well, the masks: ``NAME_mask.png``, what lies in a
    folder ``masks`` or nnU-Net's ``labelsTr``; else all.

    Parameters
    ----------
    src
        File, folder or glob.

    Raises
    ------
    BadDataError
        When nothing is there.
    """
    path, found = Path(src), _found(src)
    usable = [f for f in found if f == path or f.suffix.lower() in (*MASKS, ".hdf5")]
    masks = usable if found == [path] else masks_among(usable, _root(path, found))
    if not masks:
        raise BadDataError(f"{quoted(src)} {why_nothing(path, found, MASKS)}")
    return masks


def root_of(src: str | Path) -> Path:
    """Return the folder that the files of a source are named relative to.

    Parameters
    ----------
    src
        File, folder or glob.
    """
    path = Path(src)
    return path if path.is_dir() else _root(path, find_sources(src))


def refuse_within(out: Path, src: str | Path) -> None:
    """Refuse a folder of results that lies in the folder of frames they are made from.

    Parameters
    ----------
    out
        Folder of results.
    src
        File, folder or glob of frames.

    Raises
    ------
    UsageError
        When it does.
    """
    folder = Path(src)
    if folder.is_dir() and folder.resolve() in [out.resolve(), *out.resolve().parents]:
        raise UsageError(f"`out` {out} lies in {src}, and would be read as input: name another")


def reader_name(path: Path) -> str | None:
    """Return the name of the reader of a file, the module in ``io``; None where there is none.

    Parameters
    ----------
    path
        File in question.

    Raises
    ------
    BadDataError
        When it has no suffix and may not be read.
    """
    if known := BY_SUFFIX.get(path.suffix.lower()):
        return known
    # Exported DICOM files often carry no suffix, or the tail of a UID.
    if path.name != "DICOMDIR" and path.is_file():
        with untrusted(path), path.open("rb") as file:
            return "dicom" if file.read(132)[128:] == b"DICM" else None
    return None


def why_nothing(path: Path, found: list[Path], readable: Collection[str]) -> str:
    """Return what to say of a source in which there is nothing to be read.

    Parameters
    ----------
    path
        Source.
    found
        Files that it names.
    readable
        Suffixes of what could be read.
    """
    if path.is_dir() and not found:
        return "holds no files"
    return f"holds nothing that can be read; readable are {', '.join(readable)}"


def _found(src: str | Path) -> list[Path]:
    """Return all files that ``src`` names; BadDataError where there is nothing of that name."""
    path = Path(src)
    try:
        exists = bool(str(src)) and path.exists()
    except (OSError, ValueError) as error:
        raise BadDataError(f"{quoted(src)} cannot be opened: {error}") from None
    if exists:
        return files_below(path) if path.is_dir() else [path]
    hits = [Path(hit) for hit in glob.glob(str(src), recursive=True)]  # noqa: PTH207 - Path.glob takes no absolute pattern
    if not hits:
        raise BadDataError(absent(src))
    files = {file for hit in hits for file in (files_below(hit) if hit.is_dir() else [hit])}
    return sorted(files, key=natural_key)


def _root(path: Path, files: Sequence[Path]) -> Path:
    if path.is_dir() or not files:
        return path
    return Path(os.path.commonpath([file.parent for file in files]))


def _frames(files: list[Path]) -> list[Path]:
    """Return the files of a folder that are of a readable format; say which DICOM is no image."""
    frames, passed = [], list[str]()
    for file in files:
        try:
            name = reader_name(file)
        except BadDataError as error:  # no suffix, so nothing says that it is a frame
            passed.append(str(error))
            continue
        if name == "generated" and not file.name.startswith(SHARD):
            continue  # other programs' files end so, too
        if name == "dicom" and (what := _other_dicom(file)):
            passed.append(f"{quoted(file)} is a DICOM {what}, no image")
        elif name is not None:
            frames.append(file)
    if passed:
        more = f", and {len(passed) - 1} more files" if len(passed) > 1 else ""
        warnings.warn(f"passed over: {passed[0]}{more}", DataWarning, stacklevel=3)
    return frames


def _other_dicom(path: Path) -> str:
    """Return what a DICOM file is by its class where that has no pixels, else nothing."""
    try:
        reader = import_module("fluorosynth.io.dicom_class")
        other: str = reader.without_pixels(path)
    except (ImportError, BadDataError):  # reading it will say so
        return ""
    return other
