"""The job of all peers, and what they share: pictures, curves, masks, grey noise.

One sample is a picture (1 of 32) and an instrument (1 of 40) under one move, with equal chances a
rotation, a zoom, a shift or a flip: the picture bilinear, its edge repeated, the mask nearest, 0
beyond its edge. Then each pixel of the mask is the moved picture's mean plus an integer up to 50
either way. That is section 3.2 of Gherardini et al. 2020, as the preset ``paper`` reads it.

A peer is a file ``with_*.py`` whose ``make(n, seed)`` returns ``(n, 256, 256)`` uint8 images and
masks of 0 and 1. Where a library draws by itself, it does so here too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from fluorosynth.backgrounds.bundled import Bundled
from fluorosynth.devices.spline import Spline
from fluorosynth.geometry.raster import rasterise

SIDE = 256
PICTURES, INSTRUMENTS = 32, 40
DEGREES, ZOOM, SHIFT, NOISE = 90.0, (0.6, 1.4), 0.2, 50
MOVES = "rotate", "zoom", "shift", "flip"


@cache
def pictures():
    """Return the backgrounds, ``(32, 256, 256)`` uint8."""
    return Bundled().open(SIDE, seed=0).images[:PICTURES]


@cache
def devices():
    """Return the instruments as curves, 40 of them."""
    source, rng = Spline(counts=(1.0,)).open(SIDE, seed=0), np.random.default_rng(2020)
    return [source.draw(rng)[0] for _ in range(INSTRUMENTS)]


@cache
def masks():
    """Return the instruments as masks, ``(40, 256, 256)`` uint8, exact."""
    return np.stack([rasterise([device], (SIDE, SIDE)) for device in devices()])


def drawn(rng):
    """Draw a move: its name and its numbers, degrees, a factor, px right and down, or an axis."""
    name = MOVES[rng.integers(4)]
    if name == "rotate":
        return name, rng.uniform(0, DEGREES)
    if name == "zoom":
        return name, rng.uniform(*ZOOM)
    if name == "shift":
        return name, rng.uniform(-SHIFT * SIDE, SHIFT * SIDE, 2)
    return name, int(rng.integers(2))


def speckle(image, mask, rng):
    """Set the mask's pixels of an image to its mean plus noise, in place."""
    inside = mask > 0
    grey = round(float(image.mean())) + rng.integers(-NOISE, NOISE + 1, np.count_nonzero(inside))
    image[inside] = np.clip(grey, 0, 255)


def one_by_one(move: Callable, start: Callable = lambda seed: None) -> Callable:
    """Return the ``make`` of a peer that moves one picture and its mask at a time.

    ``move(picture, mask, rng)`` takes their numbers and returns the moved ones; ``start(seed)``
    seeds the library's own generator.
    """

    def make(n: int, seed: int):
        start(seed)
        rng = np.random.default_rng(seed)
        images, labels = np.empty((2, n, SIDE, SIDE), np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[:], label[:] = move(rng.integers(PICTURES), rng.integers(INSTRUMENTS), rng)
            speckle(image, label, rng)
        return images, labels

    return make
