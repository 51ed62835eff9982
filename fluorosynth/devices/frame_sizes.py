"""The size of the frames that curves are drawn in, from the pictures beside their file."""

from __future__ import annotations

import warnings
from pathlib import Path

from fluorosynth.errors import DataWarning
from fluorosynth.io.frames import read_frames
from fluorosynth.io.guard import quoted
from fluorosynth.io.names import BY_SUFFIX, natural_key, stem
from fluorosynth.io.pairing import frames_among

MOST = 256  # pictures that are looked at


def size_beside(path: Path, frame: str) -> tuple[int, int] | None:
    """Return (height, width) of the frames of a file of curves, None where nothing tells.

    That is the picture or run of the frame's or the file's name, beside it or in ``images``; else
    the size of the pictures there, where all have one, which a ``DataWarning`` says.

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
            if len(sizes) > 1:
                return None
            ((height, width),) = sizes
            warnings.warn(
                f"{quoted(path)} does not say how large its frames are: taken for {width} x "
                f"{height} pixels, as the pictures beside it are",
                DataWarning,
                stacklevel=4,
            )
            return height, width
    return None


def _sizes(folder: Path) -> set[tuple[int, int]]:
    files = [file for file in folder.iterdir() if file.suffix.lower() in BY_SUFFIX]
    pictures = frames_among(sorted(files, key=natural_key), folder)
    return {_size(picture) for picture in pictures[:MOST]} if len(pictures) <= MOST else set()


def _size(picture: Path) -> tuple[int, int]:
    height, width = next(iter(read_frames(picture, [0]))).image.shape
    return height, width
