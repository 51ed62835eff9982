"""Backgrounds from nothing: procedural anatomy, unlimited and seeded."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge

from fluorosynth.anatomy.compose import Options, render
from fluorosynth.backgrounds.base import BackgroundSource
from fluorosynth.core.rng import POOL, Streams
from fluorosynth.errors import UsageError
from fluorosynth.ranges import Chance
from fluorosynth.sample import Background, Image

Weight = Annotated[float, Ge(0)]

VERSION = 1  # raise with every change of a pixel
STREAM = POOL - 1  # an index that neither samples nor other once-per-dataset draws use


@dataclass(frozen=True)
class Procedural(BackgroundSource):
    """Fluoroscopic views without instruments: chest, abdomen, and plain soft tissue.

    Background k of a seed is a pure function of (settings, size, seed, k).

    Parameters
    ----------
    count
        How many different backgrounds there are, rendered when first drawn and kept
        (``size ** 2`` bytes each). 0: a fresh one for every sample, none kept.
    chest, abdomen, soft
        Relative weights of the three families of views.
    borders
        Probability that the edge of the exposed field shows.
    noise
        Factor on the quantum noise, 0 for none. Noise and blur are set in pixels and grey
        levels, and were matched to real frames at 256 px.
    vessels
        Probability of a contrast-filled vessel tree, which is thin and dark like a catheter.

    Examples
    --------
    >>> import numpy as np
    >>> opened = Procedural(count=4).open(size=128, seed=7)
    >>> background = opened.draw(np.random.default_rng(0))
    >>> background.id, background.image.shape, background.image.dtype
    ('procedural:2', (128, 128), dtype('uint8'))
    """

    count: Annotated[int, Ge(0)] = 256
    chest: Weight = 0.7
    abdomen: Weight = 0.15
    soft: Weight = 0.15
    borders: Chance = 0.8
    noise: Weight = 1.0
    vessels: Chance = 0.0

    def __post_init__(self) -> None:
        if not self.chest + self.abdomen + self.soft > 0:
            raise UsageError("procedural: one of `chest`, `abdomen` and `soft` must be above 0")

    def open(self, size: int, seed: int) -> ProceduralBackgrounds:
        """Return the pool of ``(size, size)`` backgrounds of ``seed``; nothing is rendered yet.

        Raises UsageError for a size under 32.
        """
        if size < 32:
            raise UsageError(f"procedural: size must be at least 32, not {size}")
        # glibc keeps freed blocks up to the size of the largest that it has given back. Giving
        # back one large, untouched block spares every later frame thousands of page faults,
        # which are half of the time that rendering would take.
        np.empty(31 * 2**20, np.uint8)
        return ProceduralBackgrounds(self, size, seed)


@dataclass
class ProceduralBackgrounds:
    """An opened pool; see `Procedural`.

    The pool is anonymous shared memory, so that forked workers render each background once
    between them. Two that render the same one at a time write the same bytes.
    """

    source: Procedural
    size: int
    seed: int

    def __post_init__(self) -> None:
        self._pool = _Shared(self.source.count, self.size)
        self._streams = Streams(self.seed)
        self._options = Options(
            weights=(self.source.chest, self.source.abdomen, self.source.soft),
            borders=self.source.borders,
            noise=self.source.noise,
            vessels=self.source.vessels,
        )
        self.fingerprint = f"procedural/{VERSION} {self.source} size={self.size} seed={self.seed}"

    def draw(self, rng: np.random.Generator) -> Background:
        """Draw one background with a single number of ``rng``."""
        k = int(rng.random() * (self.source.count or 2**53))
        return Background(self.image(k), f"procedural:{k}")

    def image(self, k: int) -> Image:
        """Return background ``k``, ``(size, size)`` uint8, read-only."""
        if self.source.count and self._pool.ready[k]:
            return np.asarray(self._pool.images[k])
        image = render(self.size, self._streams.at(STREAM, k), self._options)
        image.setflags(write=False)
        if self.source.count:
            self._pool.keep(k, image)
        return image


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
