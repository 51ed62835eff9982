"""NumPy arrays: ``(H, W)``, ``(N, H, W)``, ``(H, W, 3)`` and ``(N, H, W, 3)``; never pickles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import check_shape, finite, quoted
from fluorosynth.io.pixels import to_grey, to_uint8


def count(path: Path) -> int:
    """Return N, or 1 for a single picture.

    Parameters
    ----------
    path
        File of the array, ``.npy``.
    """
    return len(_open(path))


def read(path: Path, wanted: Sequence[int]) -> Iterator[tuple[NDArray[np.uint8], None]]:
    """Yield frames as ``(H, W)`` uint8; what is not uint8 is mapped by ``pixels.to_uint8``.

    The file is mapped into memory, so that only the frame at hand is loaded.

    Parameters
    ----------
    path
        File of the array, ``.npy``.
    wanted
        Numbers of the frames, increasing, from 0.
    """
    frames = _open(path)
    for index in wanted:
        if index >= len(frames):
            raise BadDataError(
                f"{quoted(path)} has {len(frames)} frames; there is no frame {index}"
            )
        yield to_uint8(finite(path, to_grey(np.array(frames[index])))), None


def _open(path: Path) -> NDArray[Any]:
    """Return ``(N, H, W)`` or ``(N, H, W, C)``, mapped read-only."""
    shape, dtype = _header(path)
    if dtype.hasobject:
        raise BadDataError(
            f"{quoted(path)} holds Python objects, which could run code when loaded; "
            "save a numeric array with numpy.save(file, array, allow_pickle=False)"
        )
    if dtype.kind not in "buif":
        raise BadDataError(f"{quoted(path)} holds {dtype}; integers, floats and bool are read")
    coloured = len(shape) > 2 and shape[-1] in (3, 4)
    if len(shape) - coloured not in (2, 3):
        raise BadDataError(
            f"{quoted(path)} has shape {shape}; (H, W), (N, H, W), (H, W, 3) or "
            "(N, H, W, 3) is needed"
        )
    height, width = shape[-3:-1] if coloured else shape[-2:]
    check_shape(path, height, width)
    array = npy.open_memmap(path, mode="r")
    return array[None] if len(shape) - coloured == 2 else array


def _header(path: Path) -> tuple[tuple[int, ...], np.dtype[Any]]:
    with path.open("rb") as file:
        try:
            version = npy.read_magic(file)
            parse = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, _, dtype = parse(file)
        except ValueError:
            raise BadDataError(
                f"{quoted(path)} is no file of numpy.save, or cut in its header"
            ) from None
    return shape, dtype
