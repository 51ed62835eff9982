"""Pictures and masks found by names: those in annotations, or those of the files beside."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from fluorosynth.errors import BadDataError, FluorosynthError
from fluorosynth.io.guard import quoted
from fluorosynth.io.walk import files_below

PICTURES = ".jpg", ".jpeg", ".png"
MASKS = (".png",)


def inside(folder: Path, name: str, path: Path, root: Path | None = None) -> Path:
    """Return a file of the set by the name that annotations give it.

    Parameters
    ----------
    folder
        Folder that the name counts from.
    name
        Name in the annotations.
    path
        File of annotations, for the message.
    root
        Folder of the set, in which the file has to lie; None: ``folder``.

    Raises
    ------
    BadDataError
        For one that leaves the set, or is not there.
    """
    found = Path(os.path.normpath(folder / name))  # "../images/1.png" beside a folder of JSON
    if not found.is_relative_to(os.path.normpath(root or folder)):
        raise BadDataError(f"{quoted(path)} names {name!r}, which lies outside the set")
    if not is_file(found):
        raise BadDataError(f"{quoted(path)} names {name!r}, which is not in {quoted(folder)}")
    return found


def is_file(path: Path) -> bool:
    """Tell whether a file is there; names that no file can have are not.

    Parameters
    ----------
    path
        Path in question.
    """
    try:
        return path.is_file()
    except OSError:  # a name that is too long
        return False


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
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        why = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise BadDataError(
            f"{quoted(path)} is not of the form that this layout has: {why}"
        ) from None


def by_stem(folder: Path, endings: tuple[str, ...]) -> dict[str, Path]:
    """Return the files below a folder by their place in it, without their ending, in order.

    Parameters
    ----------
    folder
        Folder of pictures; one that is not there holds none.
    endings
        Endings that count, in small letters; files may have capital ones.

    Raises
    ------
    BadDataError
        For two files of one place.
    """
    found: dict[str, Path] = {}
    for path in files_below(folder) if folder.is_dir() else ():
        if path.suffix.lower() not in endings:
            continue
        place = path.relative_to(folder).with_suffix("").as_posix()
        if (other := found.setdefault(place, path)) != path:
            raise BadDataError(f"{quoted(other)} and {quoted(path)} have one name: keep one")
    return found


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
