"""Test pictures: the same patient with and without instruments, and the exact truth.

Grey level g stands for the intensity exp(-SPAN (1 - g / 255)), as on a display of the logarithm:
a shadow of d grey levels is the same step wherever it falls, and n photons in a pixel make a noise
of 255 / (SPAN sqrt(n)) grey levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np

from fluorosynth.backgrounds.base import Backgrounds, BackgroundSource
from fluorosynth.backgrounds.procedural import Procedural
from fluorosynth.core.rng import Streams
from fluorosynth.geometry.arc_path import complex_curve
from fluorosynth.geometry.path_length import add_path_length
from fluorosynth.geometry.raster import cover
from fluorosynth.geometry.tubes import union
from fluorosynth.geometry.warp import transform
from fluorosynth.sample import Device, Image, Intensities, Mask, Matrix, Sample
from fluorosynth.stages.bones import spine_paths
from fluorosynth.stages.render import Render
from fluorosynth.stress.condition import Condition
from fluorosynth.stress.instruments import draw_instrument, open_courses
from fluorosynth.xray.blur import blur
from fluorosynth.xray.vessels import tree

SPAN = 2.0  # attenuation from black to white
DARKEST, BRIGHTEST = 90.0, 230.0  # grey levels between which backgrounds are shown
BACKGROUND, NOISE, SPINE, VESSELS, INSTRUMENTS = range(5)  # steps of a scene's streams
VESSEL_WIDTH = 5.0  # px of a trunk


@dataclass(frozen=True)
class Pair:
    """One scene under one condition.

    Parameters
    ----------
    image
        Picture with the instruments, ``(H, W)`` uint8.
    bare
        Picture without, ``(H, W)`` uint8: the same anatomy and the same noise.
    truth
        Labels, ``(H, W)`` uint8 {0, 1}: as wide as a shadow at half its depth.
    """

    image: Image
    bare: Image
    truth: Mask


class Scenes:
    """All scenes of a seed: scene k is a pure function of (seed, size, backgrounds, k).

    Between conditions a scene keeps its anatomy, its noise and its instruments' courses, so that
    nothing changes but what is varied.

    Parameters
    ----------
    seed
        Seed of all scenes, 0 <= seed < 2**64.
    size
        Side of the pictures in pixels, before ``scale``.
    backgrounds
        Instrument-free pictures. By default procedural anatomy without noise of its own.

    Examples
    --------
    >>> pair = Scenes(seed=0, size=64).pair(0, Condition(depth=30.0))
    >>> pair.image.shape, bool((pair.image[pair.truth == 1] < pair.bare[pair.truth == 1]).all())
    ((64, 64), True)
    """

    def __init__(
        self, seed: int = 0, size: int = 256, backgrounds: BackgroundSource | None = None
    ) -> None:
        source = backgrounds or Procedural(count=0, borders=0.0, noise=0.0)
        self.seed, self.size = seed, size
        self._streams = Streams(seed)
        self._backgrounds: Backgrounds = source.open(size, seed)
        self._courses = open_courses(size)
        self._background = lru_cache(maxsize=64)(self._drawn)
        self.fingerprint = self._backgrounds.fingerprint

    def pair(self, index: int, condition: Condition) -> Pair:
        """Return a scene under a condition.

        Parameters
        ----------
        index
            Number of the scene, from 0.
        condition
            Condition of the picture.
        """
        rendered = self._rendered(index, condition)
        devices, shape = rendered.devices, rendered.image.shape
        grey = DARKEST + (BRIGHTEST - DARKEST) / 255 * rendered.image.astype(np.float32)
        grey = blur(np.asarray(grey, np.float32), condition.blur * self.size / 256)
        grey = grey - self._distractors(index, condition, devices, shape)
        shadow = np.zeros(shape, np.float32)
        for device in devices:
            shadow += self._shadow(device, condition)
        open_ = _field(shape, condition.field)
        noise = self._streams.at(index, NOISE).standard_normal(shape, np.float32)
        image, bare = (_shown(g, condition.photons, noise, open_) for g in (grey - shadow, grey))
        truth = np.asarray((rendered.mask == 1) & open_, np.uint8)
        pair = Pair(image, bare, truth)
        return pair if condition.scale == 1 else self._scaled(pair, devices, condition, open_)

    def _rendered(self, index: int, condition: Condition) -> Sample:
        """Return background and instruments where they lie, and the mask."""
        devices = tuple(
            draw_instrument(
                self._courses,
                condition.width,
                condition.radius,
                self._streams.at(index, INSTRUMENTS + number),
            )
            for number in range(condition.count)
        )
        matrix = _magnified(condition.magnification, devices[0])
        moved = tuple(
            replace(
                device,
                centreline=transform(device.centreline, matrix),
                width=device.width * np.float32(condition.magnification),
            )
            for device in devices
        )
        sample = Sample(self._background(index), moved, matrix=matrix)
        render = Render(border="reflect", label_width="fwhm", blur=condition.blur)
        return render(sample, self._streams.at(index, BACKGROUND))

    def _drawn(self, index: int) -> Image:
        return self._backgrounds.draw(self._streams.at(index, BACKGROUND)).image

    def _shadow(self, device: Device, condition: Condition) -> Intensities:
        """Return how many grey levels darker an instrument makes each pixel."""
        paths = np.zeros((self.size, self.size), np.float32)
        half = device.width * np.float32(0.5)
        add_path_length(paths, device.centreline, half, np.zeros_like(half), overlap=False)
        paths = blur(paths, condition.blur * self.size / 256)
        return paths * np.float32(condition.depth / _median_along(paths, device))

    def _distractors(
        self, index: int, condition: Condition, devices: Sequence[Device], shape: tuple[int, int]
    ) -> Intensities:
        """Return how many grey levels darker spine and vessels make each pixel."""
        total = np.zeros(shape, np.float32)
        curve = complex_curve(devices[0].centreline)
        scale = self.size / 256
        if condition.spine:
            at = curve[2 * len(curve) // 3].real / self.size
            paths = spine_paths(self.size, shape, self._streams.at(index, SPINE), x=at)
            total += _levels(paths, condition.spine)
        if condition.vessels:
            rng = self._streams.at(index, VESSELS)
            # The trunk crosses the instrument between the middle and the tip, at 30 to 90 degrees
            at = len(curve) // 2 + int(rng.random() * (len(curve) // 2 - 1))
            across = np.angle(curve[at] - curve[at - 1]) + np.pi * (rng.random() / 3 + 1 / 6)
            start = curve[at] - 25 * scale * np.exp(1j * across)
            vessel = tree(start, across, VESSEL_WIDTH * scale, 180 * scale, rng)
            total += _levels(union([vessel], shape), condition.vessels)
        return blur(total, condition.blur * scale)

    def _scaled(
        self, pair: Pair, devices: Sequence[Device], condition: Condition, open_: Mask
    ) -> Pair:
        """Return the pair at another resolution; the truth is drawn anew from the curves."""
        side = round(self.size * condition.scale)
        factor = np.float32(side / self.size)
        truth = np.zeros((side, side), np.uint8)
        half_depth = Render(label_width="fwhm", blur=condition.blur)
        for device in devices:
            points = (device.centreline + np.float32(0.5)) * factor - np.float32(0.5)
            cover(truth, points, half_depth.label_widths(device.width, self.size) * factor)
        truth &= _resized(open_.view(np.uint8), side, cv2.INTER_NEAREST)
        how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
        image, bare = (_resized(picture, side, how) for picture in (pair.image, pair.bare))
        return replace(pair, image=image, bare=bare, truth=truth)


def _magnified(factor: float, device: Device) -> Matrix:
    """Return the matrix that magnifies about a point of an instrument: it stays in the picture."""
    x, y = device.centreline[3 * len(device.centreline) // 4].tolist()
    return np.array([[factor, 0, x - factor * x], [0, factor, y - factor * y], [0, 0, 1.0]])


def _levels(paths: Intensities, depth: float) -> Intensities:
    """Return paths as grey levels: ``depth`` of them where they are long (95th percentile)."""
    inside = paths[paths > 0]
    return paths * np.float32(depth / np.percentile(inside, 95)) if inside.size else paths


def _median_along(paths: Intensities, device: Device) -> float:
    """Return the median of a picture along a centreline, of its pixels inside the frame."""
    x, y = np.rint(device.centreline).astype(int).T
    height, width = paths.shape
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return float(np.median(paths[y[inside], x[inside]])) if inside.any() else 1.0


def _field(shape: tuple[int, int], diameter: float) -> Mask:
    """Return ``(H, W)`` bool: what a round field of ``diameter`` sides exposes."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    distance = np.hypot(x - (shape[1] - 1) / 2, y - (shape[0] - 1) / 2)
    return np.asarray(distance <= diameter * max(shape) / 2)


def _shown(grey: Intensities, photons: float, noise: Intensities, open_: Mask) -> Image:
    """Return the displayed picture: photons counted (Gaussian), logarithm, 8 bit."""
    mean = np.float32(photons) * np.exp(np.float32(SPAN) * (grey / np.float32(255) - 1))
    counted = np.maximum(mean + np.sqrt(mean) * noise, np.float32(0.5))
    levels = 255 * (1 + np.log(counted / np.float32(photons)) / SPAN)
    return np.where(open_, np.clip(np.rint(levels), 0, 255), 0).astype(np.uint8)


def _resized(picture: Image, side: int, how: int) -> Image:
    return np.asarray(cv2.resize(picture, (side, side), interpolation=how), np.uint8)
