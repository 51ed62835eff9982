"""From and to the files of other programs, by the name of the layout."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Protocol

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.guard import quoted, untrusted
from fluorosynth.io.place import absent
from fluorosynth.io.whole_folder import made_before, whole_folder
from fluorosynth.labels.file import to_plain
from fluorosynth.labels.formats.build import Conversion
from fluorosynth.labels.model import Labels

FORMATS = {
    "labels": "this project's label file",
    "cvat": "CVAT for images 1.1 or for video 1.1: an XML file",
    "cvat-video": "CVAT for video 1.1: tracks with key frames",
    "labelme": "LabelMe: a folder with a JSON file per frame",
    "coco": "COCO: a JSON file; run-length masks, keypoints or polygons",
    "label-studio": "Label Studio: a JSON file of tasks",
    "davis": "DAVIS: a folder of indexed PNG, a number per instrument",
    "masks": "a folder of PNG, 0, 1 and 255 for no truth",
    "curves": "this project's JSON or CSV forms of centrelines",
}
FOLDERS = ("labelme", "davis", "masks")
MAX_BYTES = 512 * 2**20


class Layout(Protocol):
    """What a file of this folder offers."""

    def read(self, path: Path, conversion: Conversion) -> Labels:
        """Read a file or folder.

        Parameters
        ----------
        path
            File or folder.
        conversion
            Meaning of its classes, and what it does not say.
        """

    def write(self, labels: Labels, out: Path) -> None:
        """Write a file or folder.

        Parameters
        ----------
        labels
            Labels to write.
        out
            File or folder to write.
        """


def read_format(path: str | Path, name: str = "", conversion: Conversion | None = None) -> Labels:
    """Read labels of any layout.

    Parameters
    ----------
    path
        File or folder.
    name
        Name of the layout, one of ``FORMATS``; empty: told by what is in the file.
    conversion
        Meaning of its classes, and what it does not say.

    Raises
    ------
    BadDataError
        Naming the file and what is wrong with it.
    UsageError
        For a class that nobody mapped, or an unknown layout.
    """
    path = Path(path)
    if not path.exists():
        raise BadDataError(absent(path))
    if path.is_file() and path.stat().st_size > MAX_BYTES:
        raise BadDataError(f"{quoted(path)} is over {MAX_BYTES >> 20} MB: too large for labels")
    with untrusted(path):
        return _layout(name or guess_format(path)).read(path, conversion or Conversion())


def write_format(labels: Labels, out: str | Path, name: str) -> None:
    """Write labels in any layout.

    Parameters
    ----------
    labels
        Labels to write.
    out
        File; or folder that is empty, does not exist, or holds the same already.
    name
        Name of the layout, one of ``FORMATS``.

    Raises
    ------
    UsageError
        For an unknown layout, or a folder that holds anything else.
    """
    out, layout = Path(out), _layout(name)
    if name not in FOLDERS:
        layout.write(labels, out)
        return
    made_from = {"format": name, "labels": to_plain(labels)}
    if not made_before(out, made_from):
        with whole_folder(out, made_from) as folder:
            layout.write(labels, folder)


def guess_format(path: Path) -> str:
    """Return the layout of a file or folder.

    Parameters
    ----------
    path
        File or folder.

    Raises
    ------
    UsageError
        When nothing tells it.
    """
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
        if any(p.suffix.lower() == ".json" for p in files):
            return "labelme"
        if any(p.suffix.lower() == ".png" for p in files):
            return (
                "davis" if "Annotations" in {q.name for q in (path, *path.iterdir())} else "masks"
            )
    elif path.suffix.lower() == ".xml":
        return "cvat"
    elif path.suffix.lower() == ".csv":
        return "curves"
    elif path.suffix.lower() == ".json":
        return _guess_json(path)
    raise UsageError(f"{quoted(path)}: its format cannot be told; name it: {', '.join(FORMATS)}")


def _guess_json(path: Path) -> str:
    from pydantic_core import from_json

    try:
        plain = from_json(path.read_bytes())
    except ValueError as error:
        raise BadDataError(f"{quoted(path)} is not valid JSON: {error}") from None
    if isinstance(plain, dict):
        if "format" in plain:
            return "labels"
        if "annotations" in plain:
            return "coco"
        return "labelme" if "shapes" in plain else "curves"
    first = plain[0] if isinstance(plain, list) and plain else {}
    return "label-studio" if isinstance(first, dict) and "data" in first else "curves"


def _layout(name: str) -> Layout:
    if name not in FORMATS:
        raise UsageError(f"no format {name!r}: {', '.join(FORMATS)}")
    module: Layout = import_module(f"fluorosynth.labels.formats.{name.replace('-', '_')}")
    return module
