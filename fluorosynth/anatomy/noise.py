"""Quantum noise as a display shows it."""

from __future__ import annotations

import cv2
import numpy as np

from fluorosynth.anatomy.fields import Map


def grain(size: int, rng: np.random.Generator, correlation: float) -> Map:
    """Return unit normal noise as a detector blurs it.

    Parameters
    ----------
    size
        Side of the frame, px.
    rng
        Source of all draws.
    correlation
        Standard deviation of the blur, px.
    """
    white = rng.standard_normal((size, size))
    blurred = cv2.GaussianBlur(white, (5, 5), correlation)
    kernel = cv2.getGaussianKernel(5, correlation)
    return np.asarray(blurred / (kernel**2).sum())


def quantum(grey: Map, rng: np.random.Generator, level: float) -> Map:
    """Return noise for a picture of grey levels.

    Its strength goes with a power of brightness between -.4 (log display: more in the dark) and .4
    (linear display: Poisson counts).

    Parameters
    ----------
    grey
        Picture, ``(S, S)``, 0 to 255.
    rng
        Source of all draws.
    level
        Standard deviation at grey level 128, grey levels.
    """
    power = rng.uniform(-0.4, 0.4)
    strength = level * (np.maximum(grey, 16.0) / 128.0) ** power
    return strength * grain(grey.shape[0], rng, rng.uniform(0.45, 0.75))
