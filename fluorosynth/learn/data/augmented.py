"""Frames seen a little differently each time: what little labelled data can still teach."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fluorosynth.geometry.warp import resample
from fluorosynth.learn.data.base import LabelledDataset
from fluorosynth.learn.data.derived import Derived
from fluorosynth.sample import BACKGROUND, IGNORE, INSTRUMENT, Image, Mask

TURN = 10.0  # degrees, either way
ZOOM = 1.15  # or one over it
SHIFT = 0.05  # of each side, either way
GAMMA = 1.25  # or one over it
BRIGHTNESS = 20.0  # grey levels, either way
HALF = 128  # of 255


class Augmented(Derived):
    """Items mirrored, turned, zoomed and shifted a little, brighter or darker; new in every epoch.

    Endless: index i is item ``i % len(pairs)``, changed as drawn from ``(seed, i)``.

    Parameters
    ----------
    pairs
        Dataset to change.
    seed
        Seed of the changes.
    """

    def __init__(self, pairs: LabelledDataset, seed: int) -> None:
        super().__init__(pairs)
        self.seed, self.endless = seed, True

    def __getitem__(self, index: int) -> tuple[Image, Mask]:
        self._check(index)
        item = index if self.pairs.endless else index % len(self.pairs)
        return augment(*self.pairs[item], np.random.default_rng((self.seed, index, 1)))


def augment(image: Image, mask: Mask, rng: np.random.Generator) -> tuple[Image, Mask]:
    """Return a picture and its mask, changed alike.

    A pixel of the mask is instrument where at least half of it was; ignored where at least half
    was, or where it lies outside of what was seen.

    Parameters
    ----------
    image
        Picture, ``(H, W)`` uint8, or consecutive frames, ``(K, H, W)``.
    mask
        Label, ``(H, W)`` uint8 {0, 1, 255}.
    rng
        Generator of the changes.

    Examples
    --------
    >>> mask = np.zeros((64, 64), np.uint8)
    >>> mask[30:36] = 1
    >>> image, moved = augment(200 - 100 * mask, mask, np.random.default_rng(0))
    >>> bool(image[moved == 1].mean() + 50 < image[moved == 0].mean())
    True
    """
    matrix, curve = _matrix(mask.shape, rng), _curve(rng)
    frames = image.reshape(-1, *mask.shape)
    moved = np.stack([curve[resample(frame, matrix)] for frame in frames])
    label = np.full(mask.shape, BACKGROUND, np.uint8)
    label[_most(mask != IGNORE, matrix) < HALF] = IGNORE
    label[_most(mask == INSTRUMENT, matrix) >= HALF] = INSTRUMENT
    return moved.reshape(image.shape), label


def _most(flags: NDArray[np.bool_], matrix: NDArray[np.float64]) -> Image:
    """Return the share of each pixel of which the flag held, of 255."""
    return resample(np.where(flags, np.uint8(255), np.uint8(0)), matrix, "black")


def _matrix(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw a mirror image, a rotation and a zoom about the centre, and a shift."""
    height, width = shape
    flip = -1.0 if rng.random() < 0.5 else 1.0
    angle = np.radians(rng.uniform(-TURN, TURN))
    zoom = ZOOM ** rng.uniform(-1, 1)
    shift = rng.uniform(-SHIFT, SHIFT, 2) * (width, height)
    cosine, sine = zoom * np.cos(angle), zoom * np.sin(angle)
    turn = np.array([[flip * cosine, sine, 0], [-flip * sine, cosine, 0], [0, 0, 1]])
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    turn[:2, 2] = centre + shift - turn[:2, :2] @ centre
    return turn


def _curve(rng: np.random.Generator) -> Image:
    """Draw a curve of grey levels, ``(256,)`` uint8."""
    gamma = GAMMA ** rng.uniform(-1, 1)
    levels = 255 * np.linspace(0, 1, 256) ** gamma + rng.uniform(-BRIGHTNESS, BRIGHTNESS)
    return np.asarray(np.rint(np.clip(levels, 0, 255)), np.uint8)
