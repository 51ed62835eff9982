"""Pictures and masks found by names: those in annotations, or those of the files beside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from fluorosynth.errors import BadDataError, FluorosynthError
from fluorosynth.io.guard import quoted
from fluorosynth.io.names import natural_key

PICTURES = ".jpg", ".jpeg", ".png"
MASKS = (".png",)


def inside(root: Path, name: str, path: Path) -> Path:
    """Return a file below a folder.

    Parameters
    ----------
    root
        Folder of the pictures.
    name
        Name in the annotations.
    path
        File of annotations, for the message.

    Raises
    ------
    BadDataError
        For one that leaves the folder.
    """
    found = root / name
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise BadDataError(f"{quoted(path)} names {name!r}, which lies outside the set")
    if not found.is_file():
        raise BadDataError(f"{quoted(path)} names {name!r}, which is not in {quoted(root)}")
    return found


@contextmanager
def of_form(path: Path) -> Iterator[None]:
    """Turn what goes wrong with the content of a file into a BadDataError that names it.

    Parameters
    ----------
    path
        File that is read meanwhile.
    """
    try:
        yield
    except FluorosynthError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadDataError(f"{quoted(path)} is not of the form that this layout has") from None


def by_stem(folder: Path, endings: tuple[str, ...]) -> dict[str, Path]:
    """Return the files below a folder by their place in it, without their ending, in order.

    Parameters
    ----------
    folder
        Folder of pictures; one that is not there holds none.
    endings
        Endings that count, in small letters; files may have capital ones.
    """
    files = (path for path in folder.rglob("*") if path.suffix.lower() in endings)
    return {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for path in sorted(files, key=natural_key)
        if path.is_file() and not path.name.startswith(".")
    }


def picture_of(
    mask: Path, place: str, pictures: Mapping[str, Path], folder: Path, ending: str = ".jpg"
) -> Path:
    """Return the picture of a mask.

    Parameters
    ----------
    mask
        File of the mask, for the message.
    place
        Place of the picture in its folder, without an ending.
    pictures
        Pictures by place, from ``by_stem``.
    folder
        Folder of the pictures, for the message.
    ending
        Usual ending of its name, for the message.

    Raises
    ------
    BadDataError
        When there is none.
    """
    if place not in pictures:
        raise BadDataError(f"{quoted(mask)} has no picture {quoted(folder / (place + ending))}")
    return pictures[place]
