"""Pictures that a program holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_128

from fluorosynth.backgrounds.base import BackgroundSource
from fluorosynth.backgrounds.pool import BackgroundPool
from fluorosynth.core.arrays import check_picture
from fluorosynth.errors import BadDataError
from fluorosynth.io.frames import Frame
from fluorosynth.io.square import central_square, resized

Ignore = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Memory(BackgroundSource):
    """Arrays instead of files, for recipes in Python alone: a TOML file cannot hold them.

    Of each picture the largest central square is area-averaged to the size asked for, as
    ``Folder`` does it. The arrays are not copied: do not write to them.

    Parameters
    ----------
    images
        Instrument-free pictures, ``(N, H, W)`` uint8 or a sequence of ``(H, W)`` uint8 of any
        sizes from 16 px on, dense material dark.
    ids
        Name of each picture, for the provenance of a sample; empty: ``memory:0`` and so on.
    ignore
        Mask of each picture or None, ``(H, W)`` bool, True where its truth is unknown; empty:
        known throughout.

    Raises
    ------
    BadDataError
        When a picture or mask is of another form, naming it by its number.

    Examples
    --------
    >>> source = Memory(np.full((2, 64, 80), 128, np.uint8), ids=("a", "b"))
    >>> source.open(32, seed=0).images.shape
    (2, 32, 32)
    """

    writable: ClassVar[bool] = False

    images: NDArray[np.uint8] | Sequence[NDArray[np.uint8]]
    ids: Sequence[str] = ()
    ignore: NDArray[np.bool_] | Sequence[Ignore | None] = ()

    def __post_init__(self) -> None:
        count = len(self.images)
        if not count:
            raise BadDataError("Memory: `images` should hold at least one picture, not none")
        for name, given in (("ids", self.ids), ("ignore", self.ignore)):
            if len(given) not in (0, count):
                raise BadDataError(
                    f"Memory: `{name}` should be one for each picture, {count}, not {len(given)}"
                )
        for index, image in enumerate(self.images):
            check_picture(f"Memory: `images`[{index}]", image)
            if image.dtype != np.uint8:
                raise BadDataError(f"Memory: `images`[{index}] should be uint8, not {image.dtype}")
        for index, mask in enumerate(self.ignore):
            shape = self.images[index].shape
            if mask is not None and (mask.dtype != np.bool_ or mask.shape != shape):
                raise BadDataError(
                    f"Memory: `ignore`[{index}] should be {shape} bool as its picture, "
                    f"not {mask.shape} {mask.dtype}"
                )

    def open(self, size: int, seed: int) -> BackgroundPool:  # noqa: ARG002 - nothing is drawn once
        """Return the pool of ``(size, size)`` pictures."""
        ids = tuple(self.ids) or tuple(f"memory:{i}" for i in range(len(self.images)))
        squares = [
            central_square(Frame(image, Path(name), 0))
            for name, image in zip(ids, self.images, strict=True)
        ]
        images = np.stack(
            [resized(image[at], size, size) for image, at in zip(self.images, squares, strict=True)]
        )
        masks = [
            None if mask is None else resized(mask[at].astype(np.uint8) * 255, size, size) > 0
            for mask, at in zip(self.ignore, squares, strict=False)
        ]
        return BackgroundPool(images, ids, tuple(masks))

    @property
    def fingerprint(self) -> str:
        """XXH3-128 over all that is held."""
        digest = xxh3_128(repr(tuple(self.ids)).encode())
        for held in (self.images, self.ignore):
            for array in held:
                digest.update(repr(None if array is None else array.shape).encode())
                digest.update(b"" if array is None else np.ascontiguousarray(array).data)
        return digest.hexdigest()
