"""Generated sets as frames: the pictures of a shard, ``images`` in HDF5."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import check_count, check_shape, quoted

_KEY = "images"


def count(path: Path) -> int:
    """Return the number of pictures, of all sequences.

    Parameters
    ----------
    path
        File of a shard, ``.h5``.
    """
    with _pictures(path) as array:
        return int(np.prod(array.shape[:-2]))


def together(path: Path) -> int:
    """Return how many pictures in a row are of one sequence.

    Parameters
    ----------
    path
        File of a shard.
    """
    with _pictures(path) as array:
        return int(array.shape[1]) if array.ndim == 4 else 1


def read(path: Path, wanted: Sequence[int]) -> Iterator[tuple[NDArray[np.uint8], None]]:
    """Yield pictures as ``(H, W)`` uint8, sequence after sequence.

    Parameters
    ----------
    path
        File of a shard.
    wanted
        Numbers of the pictures, increasing, from 0.
    """
    with _pictures(path) as array:
        places = array.shape[:-2]
        for index in wanted:
            if index >= np.prod(places):
                raise BadDataError(
                    f"{quoted(path)} has {np.prod(places)} pictures; there is no picture {index}"
                )
            yield np.asarray(array[np.unravel_index(index, places)], np.uint8), None


@contextmanager
def _pictures(path: Path) -> Iterator[Any]:
    import h5py

    try:
        file = h5py.File(path, "r", locking=False)
    except OSError as error:
        wrong = os.strerror(error.errno) if error.errno else "it is no HDF5 file, or cut short"
        raise BadDataError(f"{quoted(path)} cannot be read: {wrong}") from None
    with file:
        array = file.get(_KEY) if file.get(_KEY, getlink=True).__class__ is h5py.HardLink else None
        if not isinstance(array, h5py.Dataset):
            raise BadDataError(f"{quoted(path)} is no generated set: it has no array {_KEY!r}")
        if array.ndim not in (3, 4) or array.dtype != np.uint8:
            raise BadDataError(
                f"{quoted(path)}: {_KEY} are {array.shape} {array.dtype}; a generated set holds "
                "(N, H, W) or (N, T, H, W) uint8"
            )
        check_count(path, int(np.prod(array.shape[:-2])))
        check_shape(path, *array.shape[-2:])
        yield array
