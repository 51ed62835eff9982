"""The exposed field: round, shuttered or barred."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numba import njit

from fluorosynth.ranges import Chance, Range, Uniform, draw_within, happening
from fluorosynth.sample import Sample
from fluorosynth.stages.base import Intensity, with_picture

SHAPES = "circle", "shutters", "bars"
SHIFT = 4  # fixed-point bits of OpenCV's corners


@dataclass(frozen=True)
class Field(Intensity):
    """Darken what lies outside the exposed field.

    Parameters
    ----------
    circle
        Probability of an image intensifier's round field.
    shutters
        Probability of one to four tilted collimator blades.
    bars
        Probability of black bars along two opposite sides.
    radius
        Radius of the round field as a fraction of the picture's side.
    depth
        Distance that blades and bars reach in, as a fraction of the side.
    level
        Share of the picture that is left outside; 0: black.
    """

    circle: Chance = 0.25
    shutters: Chance = 0.2
    bars: Chance = 0.1
    radius: Range = Uniform(0.46, 0.54)
    depth: Range = Uniform(0.01, 0.12)
    level: Range = Uniform(0.0, 0.15)

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with its field cut out."""
        names = happening(self, SHAPES, rng)
        radius = draw_within(0, 10, self.radius, "field: radius", rng)
        level = draw_within(0, 1, self.level, "field: level", rng)
        if not names:
            return sample
        open_: Any = np.full(sample.image.shape, 255, np.uint8)
        if "circle" in names:
            open_ = _disc(sample.image.shape, radius)
        if "shutters" in names:
            for side in rng.permutation(4)[: 1 + int(4 * rng.random())]:
                tilt = rng.normal(0.0, 0.03)
                _blade(open_, int(side), self._depth(rng), tilt)
        if "bars" in names:
            side, depth = int(2 * rng.random()), self._depth(rng)
            _blade(open_, side, depth, 0.0)
            _blade(open_, side + 2, depth, 0.0)
        image, contrast = np.empty_like(sample.image), sample.contrast
        _darken(image, sample.image, open_, np.float32(level))
        if contrast is not None:
            _darken(dark := np.empty_like(contrast), contrast, open_, np.float32(0))
            contrast = dark
        return with_picture(sample, self, {"shapes": names, "level": level}, image, contrast)

    def _depth(self, rng: np.random.Generator) -> float:
        return draw_within(0, 1, self.depth, "field: depth", rng)


@njit(cache=True)
def _darken(out, image, open_, level):  # type: ignore[no-untyped-def]
    for y in range(image.shape[0]):
        source, inside, target = image[y], open_[y], out[y]
        for x in range(len(source)):
            target[x] = source[x] if inside[x] else source[x] * level


def _disc(shape: tuple[int, int], radius: float) -> Any:
    """Return 255 inside a centred disc."""
    disc: Any = np.zeros(shape, np.uint8)
    one = 1 << SHIFT
    centre = (shape[1] - 1) * one // 2, (shape[0] - 1) * one // 2
    pixels = round(radius * max(shape) * one)
    return cv2.circle(disc, centre, pixels, 255, -1, cv2.LINE_8, SHIFT)


def _blade(open_: Any, side: int, depth: float, tilt: float) -> None:
    """Close what lies beyond a straight edge: side 0 left, 1 top, 2 right, 3 bottom."""
    height, width = open_.shape
    across, along = (width, height) if side % 2 == 0 else (height, width)
    reach, lean = depth * across, math.tan(tilt) * along / 2
    near, far = reach - lean, reach + lean
    corners = np.array([[-9, -9], [near, -9], [far, along + 9], [-9, along + 9]], float)
    if side >= 2:
        corners[:, 0] = across - 1 - corners[:, 0]
    if side % 2:
        corners = corners[:, ::-1]
    cv2.fillPoly(open_, [np.round(corners * (1 << SHIFT)).astype(np.int32)], 0, cv2.LINE_8, SHIFT)
