"""From a scene to a frame: views, Beer-Lambert, scatter, display and noise."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.anatomy import field, heart, noise, pelvis, tissue
from fluorosynth.anatomy.fields import Map
from fluorosynth.anatomy.ribs import ribs
from fluorosynth.anatomy.spine import Spine, spine
from fluorosynth.anatomy.view import View
from fluorosynth.geometry.tubes import union
from fluorosynth.xray.line_integrals import levels
from fluorosynth.xray.vessels import tree


def chest(view: View, rng: np.random.Generator) -> Map:
    """Return the attenuation of a coronary view: spine, heart, lung, diaphragm, ribs.

    Parameters
    ----------
    view
        Pixels in patient coordinates.
    rng
        Source of all draws.
    """
    spine_x = rng.uniform(-0.6, 0.6) * view.fov
    total = tissue.body(view, rng) + heart.lung(view, rng)
    total += spine(view, Spine.draw(spine_x, rng), rng)
    x, y = rng.normal(0.0, (0.3 * view.fov, 0.15 * view.fov)).tolist()
    total += heart.heart(view, x, y, rng)
    for side in (-1, 1):
        if rng.random() < 0.6:
            place = (spine_x + side * rng.uniform(40, 80), rng.uniform(0.0, 0.55) * view.fov)
            total += heart.diaphragm(view, *place, rng)
    for slant in (rng.uniform(0.1, 0.7), -rng.uniform(0.1, 0.8)):
        if rng.random() < 0.7:
            total += ribs(view, spine_x, slant, rng)
    return total


def abdomen(view: View, rng: np.random.Generator) -> Map:
    """Return the attenuation of a belly: lumbar spine, bowel gas, edge of the pelvis.

    Parameters
    ----------
    view
        Pixels in patient coordinates.
    rng
        Source of all draws.
    """
    total = tissue.body(view, rng) + tissue.mottle(view, rng, rng.uniform(0.01, 0.05))
    side = rng.choice((-1.0, 1.0))
    if rng.random() < 0.8:
        total += spine(view, Spine.draw(side * rng.uniform(0.0, 0.6) * view.fov, rng), rng)
    if rng.random() < 0.5:
        place = -side * rng.uniform(0.2, 0.6) * view.fov, rng.uniform(0.2, 0.6) * view.fov
        total += pelvis.wing(view, *place, rng)
    for _ in range(rng.integers(0, 4)):
        total += tissue.gas(view, rng)
    return total


def soft(view: View, rng: np.random.Generator) -> Map:
    """Return the attenuation of a nearly flat view: tissue and a fold.

    Parameters
    ----------
    view
        Pixels in patient coordinates.
    rng
        Source of all draws.
    """
    total = tissue.body(view, rng) + tissue.layers(view, rng)
    for _ in range(rng.integers(0, 3)):
        total += tissue.fold(view, rng)
    return total


def arteries(view: View, rng: np.random.Generator) -> Map:
    """Return the attenuation of a tree of arteries filled with diluted iodine.

    Parameters
    ----------
    view
        Pixels in patient coordinates.
    rng
        Source of all draws.
    """
    px_per_mm = view.size / view.fov
    start = complex(*rng.uniform(-0.4, 0.4, 2))
    inward = float(np.angle(-start)) + rng.normal(0.0, 0.7)
    width, length = rng.uniform(2.4, 4.0), rng.uniform(60.0, 110.0)
    corner = (0.5 + 0.5j) * (view.size - 1)
    trunk = start * view.size + corner
    vessel = tree(trunk, inward, width * px_per_mm, length * px_per_mm, rng)
    paths = union([vessel], (view.size, view.size)).astype(np.float64)
    return np.asarray(paths * (rng.uniform(0.1, 0.3) / px_per_mm))


VIEWS = (chest, abdomen, soft)


@dataclass(frozen=True)
class Options:
    """What `render` may vary; see `fluorosynth.backgrounds.procedural.Procedural`.

    Parameters
    ----------
    weights
        Relative weights of the families chest, abdomen and soft tissue.
    borders
        Probability that the edge of the exposed field shows.
    noise
        Factor on the quantum noise, at least 0.
    vessels
        Probability of a contrast-filled vessel tree.
    """

    weights: tuple[float, float, float] = (0.7, 0.15, 0.15)
    borders: float = 0.8
    noise: float = 1.0
    vessels: float = 0.0


def render(size: int, rng: np.random.Generator, options: Options) -> NDArray[np.uint8]:
    """Render one ``(size, size)`` uint8 frame.

    The noise is drawn last, so that the anatomy is the same at every size.

    Parameters
    ----------
    size
        Side of the frame, px.
    rng
        Source of all draws.
    options
        Choices and probabilities.
    """
    grey = display(expose(line_integrals(size, rng, options), rng), rng)
    open_field = aperture(size, rng, options.borders)
    grey += noise.quantum(grey, rng, options.noise * rng.uniform(2.3, 5.0))
    return np.clip(np.rint(grey * open_field), 0, 255).astype(np.uint8)


def render_lines(size: int, rng: np.random.Generator, options: Options) -> NDArray[np.uint8]:
    """Render the line integrals of the same frame, as grey levels: ``xray.line_integrals``.

    Parameters
    ----------
    size
        Side of the frame, px.
    rng
        Source of all draws.
    options
        Choices and probabilities.
    """
    return levels(line_integrals(size, rng, options))


def line_integrals(size: int, rng: np.random.Generator, options: Options) -> Map:
    """Return the attenuation along each ray, ``(S, S)``, no unit, up to a constant.

    Parameters
    ----------
    size
        Side of the frame, px.
    rng
        Source of all draws.
    options
        Choices and probabilities.
    """
    view = View.draw(size, field_of_view(rng), rng)
    weights = np.cumsum(options.weights)
    scene = VIEWS[int(np.searchsorted(weights, rng.random() * weights[-1], "right"))]
    attenuation = scene(view, rng) + tissue.mottle(view, rng, rng.uniform(0.012, 0.05))
    attenuation += tissue.layers(view, rng)
    if rng.random() < 0.3:
        attenuation += tissue.fold(view, rng)
    if rng.random() < options.vessels:
        attenuation += arteries(view, rng)
    if rng.random() < 0.15:
        attenuation += field.wedge(size, rng)
    return attenuation


def field_of_view(rng: np.random.Generator) -> float:
    """Draw the side of a frame in mm at the patient; it is what ``render`` draws first.

    Parameters
    ----------
    rng
        Source of the draw.
    """
    return float(rng.uniform(85.0, 150.0))


def mm_per_px(size: int, rng: np.random.Generator) -> float:
    """Return the millimetres per pixel of the frame that ``render`` makes of the same stream.

    Parameters
    ----------
    size
        Side of the frame, px.
    rng
        Stream at the place where ``render`` begins.
    """
    return field_of_view(rng) / size


def aperture(size: int, rng: np.random.Generator, probability: float) -> Map | float:
    """Return the transmission of what bounds the field: blades, a circle (one in five), or nothing.

    Parameters
    ----------
    size
        Side of the frame, px.
    rng
        Source of all draws.
    probability
        Probability that something bounds it.
    """
    if rng.random() >= probability:
        return 1.0
    return field.circle(size, rng) if rng.random() < 0.2 else field.blades(size, rng)


def expose(attenuation: Map, rng: np.random.Generator) -> Map:
    """Return the logarithm of the intensity: Beer-Lambert, scatter and detector blur.

    Parameters
    ----------
    attenuation
        Attenuation along each ray, ``(S, S)``, no unit.
    rng
        Source of all draws.
    """
    primary = np.exp(-attenuation)
    share = rng.uniform(0.1, 0.5)
    scatter = lowpass(primary, rng.uniform(0.08, 0.16))
    total = (1 - share) * primary + share * scatter
    return np.asarray(np.log(cv2.GaussianBlur(total, (0, 0), rng.uniform(0.3, 0.7))))


def display(log: Map, rng: np.random.Generator) -> Map:
    """Return grey levels: dynamic range compression, edge enhancement, window.

    Parameters
    ----------
    log
        Logarithm of the intensity, ``(S, S)``.
    rng
        Source of all draws.
    """
    log = log - rng.uniform(0.3, 0.85) * lowpass(log, rng.uniform(0.1, 0.2))
    log = log + rng.uniform(0.1, 0.9) * (log - cv2.GaussianBlur(log, (0, 0), 3.0))
    low, high = np.percentile(log[::4, ::4], (2, 98))
    black, white = rng.uniform(55, 105), rng.uniform(165, 215)
    return np.asarray(black + (white - black) * (log - low) / max(high - low, 0.3))


def lowpass(image: Map, sigma: float) -> Map:
    """Return a picture blurred by a Gaussian, which is done on a small copy.

    Parameters
    ----------
    image
        Picture, ``(S, S)``.
    sigma
        Standard deviation as a fraction of the side.
    """
    small = cv2.resize(image, (32, 32), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma * 32, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(small, image.shape[::-1], interpolation=cv2.INTER_CUBIC))
