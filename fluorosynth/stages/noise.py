"""Quantum and electronic noise, correlated between neighbours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit

from fluorosynth.errors import UsageError
from fluorosynth.ranges import LogUniform, Range, Uniform
from fluorosynth.sample import Intensities, Sample
from fluorosynth.stages.base import Detector, Stream, intensities, with_picture
from fluorosynth.stages.order import check_sample

KEY = 20200405  # of the pool
COUNT = 2**20  # of the pool
MAX_SIDE = 4096
DARKEST = 1e-4  # intensity below which the detector reads nothing


@dataclass(frozen=True)
class Noise(Detector):
    """Add noise of variance I / N + (e / N)^2 at intensity I.

    N photons reach a pixel at full intensity, Poisson distributed, here a normal law of the same
    mean and variance (their skewness, 1 / sqrt(N I), is below .2 above 25 photons); ``e`` is the
    electronic noise in photons. A share of the noise is smoothed over 3x3 pixels; its variance
    stays what it was.

    65,000 fresh normals would cost more than all other stages. Each picture adds two stretches
    of one fixed pool of 2^20 standard normals, at offsets that it draws: 2^40 fields.

    Parameters
    ----------
    photons
        Number N of photons at full intensity in a pixel, > 0.
    electronic
        Deviation e of the electronic noise, photons, >= 0.
    correlation
        Weight of the smoothed noise beside that of the white, in [0, 1].
    """

    photons: Range = LogUniform(500.0, 10000.0)
    electronic: Range = Uniform(2.0, 10.0)
    correlation: Range = Uniform(0.0, 1.0)

    def detect(
        self, image: Intensities, contrast: Intensities | None, rng: np.random.Generator
    ) -> tuple[Intensities, Intensities | None, dict[str, Any]]:
        """Add one field of noise."""
        drawn = self._draw(rng)
        return _noisy(image, drawn, rng), contrast, drawn

    def over(self, frames: Sequence[Sample], stream: Stream) -> list[Sample]:
        """Add a new field to each frame of a sequence, and then the detector's lag."""
        for frame in frames:
            check_sample(self, frame)
        drawn = self._draw(stream(0))
        share = 1.0 if frames[0].moment is None else frames[0].moment.lag
        settled = math.sqrt(share / (2 - share))  # what lag leaves of the noise in the long run
        images = [
            _noisy(intensities(frame), drawn, stream(t + 1), 1.0 if t else settled)
            for t, frame in enumerate(frames)
        ]
        contrasts = [frame.contrast for frame in frames if frame.contrast is not None]
        noisy = lagged(images, share)
        kept = lagged(contrasts, share) if contrasts else [None] * len(frames)
        return [
            with_picture(frame, self, drawn, image, contrast)
            for frame, image, contrast in zip(frames, noisy, kept, strict=True)
        ]

    def _draw(self, rng: np.random.Generator) -> dict[str, Any]:
        photons, electronic = self.photons.draw(rng), self.electronic.draw(rng)
        correlation = self.correlation.draw(rng)
        if not (0 < photons <= 1e12 and 0 <= electronic <= 1e6 and 0 <= correlation <= 1):
            raise UsageError(
                f"noise drew {photons} photons, {electronic} electronic, correlation {correlation}"
            )
        return {"photons": photons, "electronic": electronic, "correlation": correlation}


def _noisy(
    image: Intensities, drawn: dict[str, Any], rng: np.random.Generator, scale: float = 1.0
) -> Intensities:
    """Return the picture with the sum of two stretches of the pool added, ``scale`` times."""
    if max(image.shape) > MAX_SIDE:
        raise UsageError(f"noise takes pictures up to {MAX_SIDE} px, not {image.shape}")
    first, second = (int(u * COUNT) for u in rng.random(2))
    photons, electronic = drawn["photons"], drawn["electronic"]
    white, smooth = (weight * np.float32(scale) for weight in _weights(drawn["correlation"]))
    variance = np.float32(1 / photons), np.float32((electronic / photons) ** 2)
    out = np.empty_like(image)
    rows = np.empty((4, image.shape[1] + 2), np.float32)  # three of them in turn, and one more
    _add(out, rows, image, _pool(), first, second, white, smooth, *variance)
    return out


def _weights(correlation: float) -> tuple[np.float32, np.float32]:
    """Return the weights of two white and two smoothed unit fields that add up to variance 1."""
    white, smooth = 1 - correlation, correlation
    # The kernel (1, 2, 1) / 4 in both directions: at its centre 1/4, sum of squares (3/8)^2
    variance = white**2 + smooth**2 * (3 / 8) ** 2 + 2 * white * smooth / 4
    scale = 1 / math.sqrt(2 * variance)
    return np.float32(white * scale), np.float32(smooth * scale)


@lru_cache(maxsize=1)
def _pool() -> Intensities:
    """Return standard normals, ``(COUNT + MAX_SIDE + 2,)``; made once per process."""
    rng = np.random.Generator(np.random.Philox(key=np.array([KEY, 0], np.uint64)))
    normals = np.empty(COUNT + MAX_SIDE + 2, np.float32)
    for part in np.split(normals[:COUNT], 64):  # not at once: they are drawn in double precision
        part[:] = rng.standard_normal(len(part))
    normals[COUNT:] = normals[: MAX_SIDE + 2]
    return normals


@njit(cache=True)
def _add(  # type: ignore[no-untyped-def]
    out, rows, image, pool, first, second, white, smooth, quantum, electronic
):
    """Add two stretches of the pool, row after row, and smooth their sum on the way."""
    (height, width), column = image.shape, rows[3]
    two, sixteenth = np.float32(2), smooth * np.float32(1 / 16)
    for y in range(height + 2):
        one, other = (first + y * (width + 2)) % COUNT, (second + y * (width + 2)) % COUNT
        w1, w2, below = pool[one : one + width + 2], pool[other : other + width + 2], rows[y % 3]
        for x in range(width + 2):
            below[x] = w1[x] + w2[x]
        if y < 2:
            continue
        middle, above = rows[(y - 1) % 3], rows[(y - 2) % 3]
        for x in range(width + 2):
            column[x] = above[x] + two * middle[x] + below[x]
        source, target = image[y - 2], out[y - 2]
        here, centre, after = middle[1:], column[1:], column[2:]
        for x in range(width):
            around = column[x] + two * centre[x] + after[x]
            normal = white * here[x] + sixteenth * around
            value = source[x] + np.sqrt(source[x] * quantum + electronic) * normal
            target[x] = max(value, np.float32(DARKEST))


def lagged(pictures: Sequence[Intensities], share: float) -> list[Intensities]:
    """Return what a detector shows that keeps some of the frames before.

    y_0 = x_0 and y_t = K x_t + (1 - K) y_{t-1}.

    Parameters
    ----------
    pictures
        Pictures x, ``(H, W)`` float32 each, in order.
    share
        Weight K of the newest, in (0, 1]; 1: no lag.

    Examples
    --------
    >>> [float(y[0]) for y in lagged([np.zeros(1, "f4"), np.ones(1, "f4")], 0.25)]
    [0.0, 0.25]
    """
    new, old = np.float32(share), np.float32(1 - share)
    kept: list[Intensities] = []
    for picture in pictures:
        kept.append(new * picture + old * kept[-1] if kept else picture)
    return kept
