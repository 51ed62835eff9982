"""Backgrounds from nothing: procedural anatomy, unlimited and seeded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated

import numpy as np
from annotated_types import Ge

from fluorosynth.anatomy.compose import Options, mm_per_px, render, render_lines
from fluorosynth.backgrounds.base import BackgroundSource
from fluorosynth.backgrounds.lazy_pool import LazyPool, Render
from fluorosynth.core.rng import POOL
from fluorosynth.errors import UsageError
from fluorosynth.ranges import Chance
from fluorosynth.xray.line_integrals import SPAN

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
        Number of different backgrounds, rendered when first drawn and kept (``size ** 2`` bytes
        each). 0: a fresh one for every sample, none kept.
    chest
        Weight of views of the chest among the three families.
    abdomen
        Weight of views of the abdomen.
    soft
        Weight of views of plain soft tissue.
    borders
        Probability that the edge of the exposed field shows, where no stage exposes.
    noise
        Factor on the quantum noise, 0 for none, where no stage exposes. Noise and blur are set in
        pixels and grey levels, and were matched to real frames at 256 px.
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

    def open(self, size: int, seed: int) -> LazyPool:
        """Return the pool of ``(size, size)`` backgrounds of ``seed``; nothing is rendered yet.

        Raises UsageError for a size under 32.
        """
        return self._pool(partial(render, options=self._options), "", size, seed, None)

    def open_lines(self, size: int, seed: int) -> LazyPool:
        """Return the pool of the same views' line integrals, likewise."""
        draw = partial(render_lines, options=self._options)
        return self._pool(draw, "lines/", size, seed, SPAN)

    @property
    def _options(self) -> Options:
        return Options(
            weights=(self.chest, self.abdomen, self.soft),
            borders=self.borders,
            noise=self.noise,
            vessels=self.vessels,
        )

    def _pool(self, draw: Render, what: str, size: int, seed: int, span: float | None) -> LazyPool:
        if size < 32:
            raise UsageError(f"procedural: size must be at least 32, not {size}")
        # glibc keeps freed blocks up to the size of the largest that it has given back. Giving
        # back one large, untouched block spares every later frame thousands of page faults,
        # which are half of the time that rendering would take.
        np.empty(31 * 2**20, np.uint8)
        fingerprint = f"procedural/{what}{VERSION} {self} size={size} seed={seed}"
        return LazyPool(
            "procedural",
            draw,
            self.count,
            size,
            seed,
            STREAM,
            fingerprint,
            f"procedural/{what}{VERSION} {replace(self, count=0)}",
            mm_per_px,
            span,
        )
