"""Edges of bone, folds of skin and cushions: long lines that are no instrument."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from fluorosynth.geometry.tubes import Rng, Tube, moved_to, scaled, union, walk
from fluorosynth.ranges import Chance, LogUniform, Range, draw_within, happening
from fluorosynth.sample import Intensities, Moment, Sample
from fluorosynth.stages.base import Intensity, intensities, with_picture
from fluorosynth.stages.order import EXPOSED
from fluorosynth.xray.beer_lambert import add, attenuated
from fluorosynth.xray.blur import interpolated

NAMES = "ribs", "spine", "folds"
EXTENT = 9.0  # px of bone that ``strength`` is measured against

# A vertebra: along its end plates, how these arch, down its sides and its process; and the column
ALONG = np.linspace(-0.5, 0.5, 5)
ARCH = 1 - 4 * ALONG * ALONG
SIDES, PROCESS = np.array([0.05j, 0.4j, 0.77j]), np.array([0.5j, 0.75j])
COLUMN = np.linspace(-0.5, 1.5, 6)


@dataclass(frozen=True)
class Bones(Intensity):
    """Draw ribs, a spine and folds; never labelled.

    Ribs are flat hollow tubes, spines a column of vertebrae with dense end plates, folds steps of
    attenuation along a bent line: the edge of an arm, a breast, a cushion, the heart.

    Parameters
    ----------
    ribs
        Probability of ribs.
    spine
        Probability of a spine.
    folds
        Probability of one to three folds.
    strength
        Attenuation mu L of each, before scatter.
    """

    takes = EXPOSED

    ribs: Chance = 0.2
    spine: Chance = 0.25
    folds: Chance = 0.4
    strength: Range = LogUniform(0.04, 0.3)

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with its bones drawn."""
        image = intensities(sample)
        side = max(image.shape)
        names = happening(self, NAMES, rng)
        if not names:
            return sample
        total = None
        for name, draw in (("ribs", _ribs), ("spine", spine_paths)):
            if name in names:
                weight = self._strength(rng) / (EXTENT * side / 256)
                paths = draw(side, image.shape, rng, sample.moment)
                total = add(total, paths, weight)
        total = np.zeros(image.shape, np.float32) if total is None else total
        if "folds" in names:
            for _ in range(1 + int(3 * rng.random())):
                _fold(total, *_edge(side, rng, sample.moment), self._strength(rng))
        return with_picture(
            sample, self, {"bones": names}, attenuated(image, total), sample.contrast
        )

    def _strength(self, rng: Rng) -> float:
        return draw_within(0, 1e3, self.strength, "bones: strength", rng)


def _coarse(tubes: list[Tube], cell: int, shape: tuple[int, int]) -> Intensities:
    """Return paths through wide tubes, drawn at ``1 / cell`` of the resolution."""
    paths = union(scaled(tubes, 1 / cell), (-(-shape[0] // cell), -(-shape[1] // cell)))
    paths *= np.float32(cell)
    return interpolated(paths, cell, shape)


def _ribs(side: int, shape: tuple[int, int], rng: Rng, moment: Moment | None) -> Intensities:
    """Return three to six parallel ribs."""
    heading, gap = rng.normal(0, 0.5), (28 + 20 * rng.random()) * side / 256
    width, lumen = (9 + 8 * rng.random()) * side / 256, 0.6 + 0.35 * rng.random()
    first = walk(complex(-20, rng.random() * gap), heading, 1.3 * side, 14.0, 0.25, rng)
    down = 1j * np.exp(0.3j * (rng.random() - 0.5)) * gap
    count = 3 + int(4 * rng.random())
    offset = int(rng.random() * 4) - 1
    below = down * np.arange(offset, offset + count)
    ribs = Tube.of_many(first + below[:, None], width, lumen)
    return _coarse(moved_to([ribs], moment, breath=1.0), 2, shape)


def spine_paths(
    side: int,
    shape: tuple[int, int],
    rng: Rng,
    moment: Moment | None = None,
    x: float | None = None,
) -> Intensities:
    """Return ``(H, W)`` float32 paths in px through vertebral bodies, end plates and processes.

    Parameters
    ----------
    side
        Longer side of the picture in px.
    shape
        Height and width of the picture, px.
    rng
        Source of the column.
    moment
        State of a sequence; None: at rest.
    x
        Place where its axis meets the upper border as a fraction of the side; None: anywhere.
    """
    scale = side / 256
    across, tall = (40 + 30 * rng.random()) * scale, (26 + 16 * rng.random()) * scale
    lean = np.exp(1j * rng.normal(0, 0.12))
    place, above = rng.random(2).tolist()
    top = complex((place if x is None else x) * side, -above * tall)
    sag, sides = 0.08 * tall * ARCH, SIDES * tall
    parts = (
        (across * ALONG - 1j * sag, 2.2, 0.0),
        (across * ALONG + 1j * (0.82 * tall + sag), 2.2, 0.0),
        (sides - across * 0.47, 2.0, 0.0),
        (sides + across * 0.47, 2.0, 0.0),
        (PROCESS * tall, 5.0, 0.6),
    )
    places = top + 1j * lean * tall * np.arange(int(side / tall) + 2)[:, None]
    tubes = [
        Tube.of_many(places + lean * part, width * scale, lumen) for part, width, lumen in parts
    ]
    column = [Tube(top + 1j * lean * COLUMN * side, across)]
    paths = union(moved_to(tubes, moment), shape)
    add(paths, _coarse(moved_to(column, moment), 8, shape), 0.12)
    return paths


def _edge(
    side: int, rng: Rng, moment: Moment | None
) -> tuple[float, float, float, float, float, float]:
    """Draw a bent line: a point, a normal, the bend in 1/px and the softness in px."""
    x, y = (rng.random(2) * side).tolist()
    if moment is not None:
        x, y = moment.place(x, y, breath=0.5)
    turn = 2 * math.pi * rng.random()
    bend, soft = rng.normal(0, 0.8) / side, (0.7 + 10 * rng.random() ** 2) * side / 256
    return x, y, math.cos(turn), math.sin(turn), bend, soft


@njit(cache=True)
def _fold(total, x0, y0, nx, ny, bend, soft, amount):  # type: ignore[no-untyped-def]
    nx, ny, amount = np.float32(nx), np.float32(ny), np.float32(amount)
    scale, bow = np.float32(1 / soft), np.float32(bend / soft)
    for y in range(total.shape[0]):
        row = total[y]
        along, beyond = np.float32((y - y0) * nx + x0 * ny), np.float32((y - y0) * ny - x0 * nx)
        for x in range(len(row)):
            across = np.float32(x)
            u = along - across * ny
            v = (beyond + across * nx) * scale - bow * u * u + np.float32(0.5)
            row[x] += amount * min(max(v, np.float32(0)), np.float32(1))
