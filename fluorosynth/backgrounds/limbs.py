"""Limbs against air: bone and skin where no heart is, drawn from nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated

from annotated_types import Interval

from fluorosynth.anatomy.limb import mm_per_px, render, render_lines
from fluorosynth.backgrounds.base import BackgroundSource
from fluorosynth.backgrounds.lazy_pool import LazyPool, Render
from fluorosynth.core.rng import POOL
from fluorosynth.ranges import Chance
from fluorosynth.xray.line_integrals import SPAN

VERSION = 1  # raise with every change of a pixel
STREAM = POOL - 3  # an index that neither samples nor other once-per-dataset draws use


@dataclass(frozen=True)
class Limbs(BackgroundSource):
    """Arms, legs, joints and hands without instruments, some joints with a prosthesis.

    Two dark lines beside each other are the walls of a bone, a bright region is air. Background
    k of a seed is a pure function of (settings, size, seed, k).

    Parameters
    ----------
    count
        Number of different backgrounds, rendered when first drawn and kept (``size ** 2`` bytes
        each). 0: a fresh one for every sample, none kept.
    borders
        Probability that the edge of the exposed field shows, where no stage exposes.
    noise
        Factor on the quantum noise, 0 for none, where no stage exposes.

    Examples
    --------
    >>> import numpy as np
    >>> background = Limbs(count=4).open(size=128, seed=7).draw(np.random.default_rng(0))
    >>> background.id, background.image.shape
    ('limbs:2', (128, 128))
    """

    count: Annotated[int, Interval(ge=0)] = 96
    borders: Chance = 0.8
    noise: Annotated[float, Interval(ge=0, le=100)] = 1.0

    def open(self, size: int, seed: int) -> LazyPool:
        """Return the pool of ``(size, size)`` backgrounds of ``seed``; nothing is rendered yet."""
        draw = partial(render, borders=self.borders, noise=self.noise)
        return self._pool(draw, "", size, seed, None)

    def open_lines(self, size: int, seed: int) -> LazyPool:
        """Return the pool of the same limbs' line integrals."""
        return self._pool(render_lines, "lines/", size, seed, SPAN)

    def _pool(self, draw: Render, what: str, size: int, seed: int, span: float | None) -> LazyPool:
        fingerprint = f"limbs/{what}{VERSION} {self} size={size} seed={seed}"
        key = f"limbs/{what}{VERSION} {replace(self, count=0)}"
        return LazyPool(
            "limbs", draw, self.count, size, seed, STREAM, fingerprint, key, mm_per_px, span
        )
