"""The size of the frames that curves are drawn in, from the pictures beside their file."""

from __future__ import annotations

from pathlib import Path

from fluorosynth.errors import BadDataError
from fluorosynth.io.frames import find_sources, read_frames
from fluorosynth.io.names import BY_SUFFIX, stem

MOST = 256  # pictures that are looked at


def size_beside(path: Path, frame: str) -> tuple[int, int] | None:
    """Return (height, width) of the frames of a file of curves, None where nothing tells.

    That is the picture or run of the frame's or the file's name, beside it or in ``images``; else
    the size of the pictures there, where all have one.

    Parameters
    ----------
    path
        File of curves.
    frame
        Name of the frame in it.
    """
    for folder in (path.parent, path.parent / "images"):
        for name in (frame, stem(frame), path.stem):
            for suffix in ("", *BY_SUFFIX):
                picture = folder / (name + suffix)
                if picture != path and picture.suffix.lower() in BY_SUFFIX and picture.is_file():
                    return _size(picture)
    for folder in (path.parent / "images", path.parent):
        if folder.is_dir() and (sizes := _sizes(folder)):
            return sizes.pop() if len(sizes) == 1 else None
    return None


def _sizes(folder: Path) -> set[tuple[int, int]]:
    try:
        pictures = [file for file in find_sources(folder) if file.parent == folder]
    except BadDataError:  # none
        return set()
    return {_size(picture) for picture in pictures[:MOST]} if len(pictures) <= MOST else set()


def _size(picture: Path) -> tuple[int, int]:
    height, width = next(iter(read_frames(picture, [0]))).image.shape
    return height, width
