"""Backgrounds bent smoothly: a few real frames are many anatomies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Interval
from numpy.typing import NDArray

from fluorosynth.geometry.warp import Field, displace
from fluorosynth.ranges import Chance, Range, Uniform, draw_within
from fluorosynth.sample import Points, Sample
from fluorosynth.stages.base import Stage, record
from fluorosynth.stages.order import AT_REST, check_sample
from fluorosynth.xray.blur import interpolated

STRETCH = 0.25  # of the spacing: a larger amount would fold the picture on itself
FADE = 40.0  # px of a 256 px picture beside its border, whose shutters stay straight
CELL = 8  # px: the field is drawn for each and interpolated


@dataclass(frozen=True)
class Deform(Stage):
    """Bend the background, what is ignored in it and its paths; instruments stay as they are.

    A network learns a small pack of real frames by heart: which of their arteries are none of
    its business, but not what an artery is. Bent, none comes twice. Displacements are a uniform
    cubic B-spline through normal draws on a coarse grid, the elastic deformation of Ronneberger
    et al., "U-Net", MICCAI 2015, section 3.1.

    Parameters
    ----------
    chance
        Probability for a picture.
    amount
        Standard deviation of the grid's displacements along each axis, px of a 256 px picture;
        at most a fourth of ``spacing``.
    spacing
        Distance between points of the grid, px of a 256 px picture.
    """

    takes = AT_REST

    chance: Chance = 0.7
    amount: Range = Uniform(2.0, 14.0)
    spacing: Annotated[float, Interval(ge=32, le=256)] = 64.0

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with its background bent."""
        check_sample(self, sample)
        if rng.random() >= self.chance:
            return sample
        scale = max(sample.image.shape) / 256
        amount = draw_within(0, STRETCH * self.spacing, self.amount, "deform: amount", rng)
        parts = [self._draw(sample.image.shape, amount, scale, rng) for _ in "xy"]
        field = parts[0], parts[1]
        ignore = sample.ignore
        if ignore is not None:
            known = (~ignore).view(np.uint8) * np.uint8(255)
            ignore = displace(known, field, border="reflect") < 255
        return sample.with_(
            image=displace(sample.image, field, border="reflect"),
            ignore=ignore,
            paths=tuple(_displaced(path, field) for path in sample.paths),
            meta=record(sample, self, {"amount": amount}),
        )

    def _draw(
        self, shape: tuple[int, int], amount: float, scale: float, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """Return one part of the field, ``(H, W)`` float32 px."""
        down, across = (_weights(side, self.spacing * scale, FADE * scale) for side in shape)
        grid = amount * scale * rng.standard_normal((down.shape[1], across.shape[1]))
        rows = sum(down[:, j, None] * grid[j] for j in range(len(grid)))  # in order: that of a
        part = sum(rows[:, j, None] * across[:, j] for j in range(len(grid[0])))  # product varies
        return interpolated(np.asarray(part, np.float32), CELL, shape)


def _weights(side: int, spacing: float, fade: float) -> NDArray[np.float64]:
    """Return the cubic B-splines at each cell, ``(cells, n)``, faded out towards both ends."""
    at = CELL * np.arange(-(-side // CELL)) + (CELL - 1) / 2
    points = spacing * np.arange(-1, int(side / spacing) + 3)
    t = np.abs(at[:, None] - points) / spacing
    near, far = 2 / 3 - t * t + t * t * t / 2, np.maximum(2 - t, 0)
    inside = np.clip(np.minimum(at, side - 1 - at) / fade, 0, 1)
    return np.asarray(np.where(t < 1, near, far * far * far / 6) * inside[:, None])


def _displaced(path: Points, field: Field) -> Points:
    """Return points moved by the field at the pixels next to them."""
    height, width = field[0].shape
    x, y = np.rint(path).astype(int).T
    at = np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)
    return np.asarray(path + np.column_stack([field[0][at], field[1][at]]))
