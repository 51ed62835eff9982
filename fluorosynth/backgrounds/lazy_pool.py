"""Backgrounds made by a function, each when it is first drawn."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fluorosynth.core.rng import Streams
from fluorosynth.io.cache import PictureCache, cache_folder, code_key
from fluorosynth.sample import Background, Image

Render = Callable[[int, np.random.Generator], Image]


@dataclass
class LazyPool:
    """An opened source of ``(size, size)`` pictures that are rendered once and kept.

    The pool is anonymous shared memory, so that forked workers render each background once
    between them, and a file of the cache (``fluorosynth.io.cache``) for what is not forked and for
    later runs. Two that render the same one at a time write the same bytes.

    Parameters
    ----------
    name
        Beginning of the pictures' ids.
    render
        Function of a size and a generator that returns a picture; pickled to workers.
    count
        Number of pictures kept; 0: a fresh one for every draw, none kept.
    size
        Side in pixels.
    seed
        Seed of all pictures.
    stream
        Index of the source's random streams; picture k has the step k.
    fingerprint
        Text that names the content.
    key
        Text of what a picture depends on but its size, seed and number.
    scale
        Function of what ``render`` takes that returns the picture's millimetres per pixel; None:
        unknown.
    span
        Attenuation from black to white of pictures that are line integrals; None: of a display.
    """

    name: str
    render: Render
    count: int
    size: int
    seed: int
    stream: int
    fingerprint: str
    key: str
    scale: Callable[[int, np.random.Generator], float] | None = None
    span: float | None = None

    def __post_init__(self) -> None:
        self._pool = _Shared(self.count, self.size)
        self._streams = Streams(self.seed)
        self._kept = self._on_disk() if self.count else None

    def draw(self, rng: np.random.Generator) -> Background:
        """Draw one background with a single number of ``rng``.

        Parameters
        ----------
        rng
            Source of a single number.
        """
        k = int(rng.random() * (self.count or 2**53))
        mm_per_px = None
        if self.scale is not None:
            mm_per_px = self.scale(self.size, self._streams.at(self.stream, k))
        return Background(self.image(k), f"{self.name}:{k}", mm_per_px=mm_per_px, span=self.span)

    def image(self, k: int) -> Image:
        """Return one background, ``(size, size)`` uint8, read-only.

        Parameters
        ----------
        k
            Number of the background, from 0.
        """
        if self.count and self._pool.ready[k]:
            return np.asarray(self._pool.images[k])
        image = self._kept.get(k) if self._kept else None
        if image is None:
            image = self.render(self.size, self._streams.at(self.stream, k))
            image.setflags(write=False)
            self._keep(k, image)
        if self.count:
            self._pool.keep(k, image)
        return image

    def _on_disk(self) -> PictureCache | None:
        folder = cache_folder()
        if folder is None:
            return None
        key = f"{self.key} seed={self.seed} {code_key()}"
        return PictureCache(folder, self.name, key, self.size)

    def _keep(self, k: int, image: Image) -> None:
        if self._kept is not None:
            try:
                self._kept.put(k, image)
            except OSError:  # a read-only home, a full disk: rendering is no more than milliseconds
                self._kept = None


class _Shared:
    """Pictures in memory that forked processes share; pickled as an empty pool."""

    def __init__(self, count: int, size: int) -> None:
        self.shape = count, size, size
        self._memory = mmap.mmap(-1, max(count * (size * size + 1), 1))
        flat = np.frombuffer(self._memory, np.uint8)
        self.ready = flat[:count]
        self._writable = flat[count : count * (size * size + 1)].reshape(self.shape)
        self.images = self._writable.view()
        self.images.setflags(write=False)

    def keep(self, k: int, image: Image) -> None:
        """Store picture ``k``, then say that it is there."""
        self._writable[k] = image
        self.ready[k] = 1

    def __reduce__(self) -> tuple[type[_Shared], tuple[int, int]]:
        return _Shared, (self.shape[0], self.shape[1])
