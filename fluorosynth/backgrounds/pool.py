"""A set of backgrounds held in memory, drawn with equal chances."""

from __future__ import annotations

import json

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_128

from fluorosynth.errors import BadDataError
from fluorosynth.sample import Background, Image, Points, read_only

Ignore = NDArray[np.bool_]
Known = tuple[float | None, float | None, float | None]
"""Millimetres per pixel, kilovolts and span of a picture, each None where it is unknown."""

NOTHING: Known = (None, None, None)


class BackgroundPool:
    """An opened background source over pictures of one size.

    Parameters
    ----------
    images
        Pictures, ``(N, S, S)`` uint8, N >= 1; kept as a read-only view.
    ids
        Names of the pictures.
    ignore
        Masks of unknown truth, each ``(S, S)`` bool or None; empty when there are none at all.
    skipped
        Sentences on what could not be read, for a report.
    paths
        Centrelines of ignored instruments, a tuple per picture; empty when there are none at all.
    views
        Millimetres per pixel, kilovolts and span of each picture (see ``Background``), each None
        where it is unknown; empty when nothing is known at all.

    Attributes
    ----------
    fingerprint
        XXH3-128 over ids, pictures, masks, paths and views, 32 hexadecimal digits.

    Examples
    --------
    >>> pool = BackgroundPool(np.zeros((2, 16, 16), np.uint8), ("a.png", "b.png"))
    >>> pool.draw(np.random.default_rng(1)).id
    'b.png'
    """

    def __init__(
        self,
        images: NDArray[np.uint8],
        ids: tuple[str, ...],
        ignore: tuple[Ignore | None, ...] = (),
        skipped: tuple[str, ...] = (),
        paths: tuple[tuple[Points, ...], ...] = (),
        views: tuple[Known, ...] = (),
    ) -> None:
        if images.ndim != 3 or images.dtype != np.uint8 or not len(images):
            raise BadDataError(f"a pool needs (N, S, S) uint8, not {images.shape} {images.dtype}")
        if len(ids) != len(images) or len(ignore) not in (0, len(images)):
            raise BadDataError(
                f"a pool of {len(images)} pictures got {len(ids)} ids and {len(ignore)} masks"
            )
        if len(paths) not in (0, len(images)):
            raise BadDataError(f"a pool of {len(images)} pictures got paths for {len(paths)}")
        if len(views) not in (0, len(images)):
            raise BadDataError(f"a pool of {len(images)} pictures got views of {len(views)}")
        self.images = read_only(images)
        self.ids = ids
        self.ignore = tuple(None if mask is None else read_only(mask) for mask in ignore)
        self.paths = tuple(tuple(map(read_only, lines)) for lines in paths)
        self.skipped = skipped
        self.views = views
        self.fingerprint = self._hash()

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.ids)

    def draw(self, rng: np.random.Generator) -> Background:
        """Return one picture, each with the same chance.

        Parameters
        ----------
        rng
            Source of a single number.
        """
        index = int(rng.random() * len(self.ids))
        image: Image = self.images[index]
        return Background(
            image,
            self.ids[index],
            self.ignore[index] if self.ignore else None,
            self.paths[index] if self.paths else (),
            *(self.views[index] if self.views else NOTHING),
        )

    def _hash(self) -> str:
        digest = xxh3_128(json.dumps([self.images.shape, self.ids]).encode())
        for index, image in enumerate(self.images):
            mask = self.ignore[index] if self.ignore else None
            digest.update(image.tobytes())
            digest.update(b"" if mask is None else b"ignore" + np.packbits(mask).tobytes())
        for lines in self.paths:
            digest.update(b"paths" + b"".join(line.tobytes() for line in lines))
        if any(known != NOTHING for known in self.views):
            digest.update(f"views{self.views}".encode())
        return digest.hexdigest()
