"""The publication's data: HDF5 files of frames, and of labels beside them.

Gherardini et al. 2020; the layout is that of the WEISS files.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import check_count, check_shape, quoted
from fluorosynth.io.pixels import to_grey

LABEL_ENDINGS = ("_label.hdf5", "_labels.hdf5")
_LABEL_KEYS = ("label", "labels")


@dataclass(frozen=True)
class Run:
    """Rows of a file of images that are one sequence, and where its labels lie.

    Parameters
    ----------
    images
        Name of the file of images.
    key
        Name of the images in that file.
    labels
        Name of the file of labels.
    label_key
        Name of the labels in that file.
    first
        First row of the sequence.
    last
        Row after its last one.
    """

    images: str
    key: str
    labels: str
    label_key: str
    first: int
    last: int


RUNS: Mapping[str, Run] = {
    "T1": Run("T1T2.hdf5", "train_img", "T1T2_label.hdf5", "label", 0, 286),
    "T2": Run("T1T2.hdf5", "train_img", "T1T2_label.hdf5", "label", 286, 436),
    "T3": Run("T3-T6.hdf5", "test", "T3-T6_label.hdf5", "label", 0, 200),
    "T4": Run("T3-T6.hdf5", "test", "T3-T6_label.hdf5", "label", 200, 400),
    "T5": Run("T3-T6.hdf5", "test", "T3-T6_label.hdf5", "label", 400, 543),
    "T6": Run("T3-T6.hdf5", "test", "T3-T6_label.hdf5", "label", 543, 771),
    "phantom": Run("Phantom.hdf5", "test", "Phantom_label.hdf5", "label", 0, 2000),
}


def is_label_file(path: Path) -> bool:
    """Tell by its name whether an HDF5 file holds labels.

    Parameters
    ----------
    path
        File of HDF5.
    """
    return path.name.lower().endswith(LABEL_ENDINGS)


def label_file(images: Path) -> Path | None:
    """Return the file of labels beside a file of images, None when there is none.

    Parameters
    ----------
    images
        File of images.
    """
    base = images.name[: -len(".hdf5")]
    beside = (images.with_name(base + ending) for ending in LABEL_ENDINGS)
    return next((path for path in beside if path.is_file()), None)


def count(path: Path) -> int:
    """Return the number of frames.

    Parameters
    ----------
    path
        File of images.
    """
    with _pictures(path) as array:
        return len(array)


def read(path: Path, wanted: Sequence[int]) -> Iterator[tuple[NDArray[np.uint8], None]]:
    """Yield frames as ``(H, W)`` uint8; floats are taken as 0..1 where the first frame is.

    Parameters
    ----------
    path
        File of images.
    wanted
        Numbers of the frames, increasing, from 0.
    """
    with _pictures(path) as array:
        first = array[0]
        scale = 255.0 if first.dtype != np.uint8 and first.max() <= 1 else 1.0
        for index in wanted:
            if index >= len(array):
                raise BadDataError(
                    f"{quoted(path)} has {len(array)} frames; there is no frame {index}"
                )
            yield eight_bits(to_grey(array[index][..., :1]), scale), None


def eight_bits(image: NDArray[Any], scale: float) -> NDArray[np.uint8]:
    """Return a picture as uint8: scaled, rounded and clipped; uint8 as it is.

    Parameters
    ----------
    image
        Picture of any dtype.
    scale
        Factor on its values.
    """
    if image.dtype == np.uint8:
        return image
    return np.asarray(np.clip(np.rint(image * scale), 0, 255), np.uint8)


def read_label_row(path: Path, row: int) -> NDArray[np.uint8]:
    """Return the catheter of a frame, ``(H, W)`` uint8 {0, 1}: channel 0 above .5.

    Parameters
    ----------
    path
        File of labels.
    row
        Number of the frame, from 0.
    """
    with _labels(path) as array:
        if row >= len(array):
            raise BadDataError(f"{quoted(path)} has {len(array)} labels; there is no row {row}")
        return np.asarray(array[row][..., 0] > 0.5, np.uint8)


def label_rows(path: Path) -> int:
    """Return how many frames a file of labels is of.

    Parameters
    ----------
    path
        File of labels.
    """
    with _labels(path) as array:
        return len(array)


@contextmanager
def _pictures(path: Path) -> Iterator[Any]:
    known = {run.images: run.key for run in RUNS.values()}
    with _dataset(path, [known[path.name]] if path.name in known else []) as array:
        if array.ndim != 4 or array.shape[3] not in (1, 3):
            raise BadDataError(
                f"{quoted(path)} holds {array.shape} at key {array.name[1:]!r}; images are "
                "(N, H, W, 3)"
            )
        check_count(path, len(array))
        check_shape(path, *array.shape[1:3])
        yield array


@contextmanager
def _labels(path: Path) -> Iterator[Any]:
    with _dataset(path, _LABEL_KEYS) as array:
        if array.ndim != 4 or array.shape[3] != 2:
            raise BadDataError(
                f"{quoted(path)} holds {array.shape} at key {array.name[1:]!r}; labels are "
                "(N, H, W, 2), the catheter first"
            )
        check_shape(path, *array.shape[1:3])
        yield array


@contextmanager
def _dataset(path: Path, keys: Sequence[str]) -> Iterator[Any]:
    """Open the first of ``keys`` that is there, or the one array of the file."""
    import h5py

    try:
        file = h5py.File(path, "r", locking=False)
    except OSError as error:
        wrong = os.strerror(error.errno) if error.errno else "it is no HDF5 file, or cut short"
        raise BadDataError(f"{quoted(path)} cannot be read: {wrong}") from None
    with file:
        arrays = [name for name, item in file.items() if isinstance(item, h5py.Dataset)]
        found = next((key for key in keys if key in arrays), None)
        if found is None and len(arrays) == 1:
            found = arrays[0]
        if found is None:
            wanted = f"none of {', '.join(keys)}" if keys else "not one array"
            raise BadDataError(
                f"{quoted(path)} holds the arrays {', '.join(arrays) or 'none'}; {wanted} to read"
            )
        yield file[found]
