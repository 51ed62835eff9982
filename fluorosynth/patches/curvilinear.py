"""How much like an instrument the long dark curves of a single frame look: an estimate.

Anatomy has such curves too (vessels full of contrast, ribs, the edges of vertebrae): a high score
is no proof of an instrument. A device that is fainter than about 5 % or shorter than 30 px of a
512 px frame is missed: a low score is no proof of its absence. Look at the contact sheet.

On the 25 hand-traced angiograms that the constants were chosen on, none of the 68 windows that
scored up to 0.2 touched a catheter, and 1 of 100 that scored up to 0.4.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.geometry.neighbours import neighbour_counts
from fluorosynth.sample import Image

WORKING_SIDE = 512  # px: the sizes below refer to a frame of this side
SIGMAS = (1.5, 2.5, 4.0)  # px across: full widths at half maximum of 3.5 to 9.5
SIGMA_ALONG = 20.0  # px: what bends faster answers less
REACH_ALONG = 60  # px: where the filters end
DIRECTIONS = 28
FAINT, CLEAR, STRONG = 0.06, 0.09, 0.20  # relative darkening: goes on, begins, is certain
SHORT, LONG = 30, 100  # px of skeleton: ignored below, certain above
REACH = 6  # px from the skeleton to where the device surely ends


def instrument_score(image: Image, field: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
    """Return how instrument-like the curve through each pixel is.

    The frame's logarithm, which makes depth independent of exposure (Beer-Lambert), goes through
    elongated second-derivative filters in 28 directions at device widths. Ridges are followed by
    hysteresis and thinned; each curve of at least 30 px scores its mean depth times its length,
    both capped, in a band about it.

    Parameters
    ----------
    image
        Frame, ``(H, W)`` uint8, instruments dark.
    field
        Exposed field, ``(H, W)`` bool; what lies outside is not looked at.

    Returns
    -------
    ``(H, W)`` float32 in [0, 1]: 0 nothing, 1 a long, deep, smooth curve.

    Examples
    --------
    >>> frame = np.full((128, 128), 150, np.uint8)
    >>> _ = cv2.line(frame, (30, 0), (70, 127), 110, 4)
    >>> score = instrument_score(frame)
    >>> bool(score[64, 50] > 0.5), float(score[64, 110])
    (True, 0.0)
    """
    if field is None:
        field = np.ones(image.shape, bool)
    scale = min(1.0, WORKING_SIDE / max(image.shape))
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    inside = cv2.resize(field.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    score = _curves(ridge_depth(_continued(small, inside)), inside)
    whole = (image.shape[1], image.shape[0])
    return np.asarray(cv2.resize(score, whole, interpolation=cv2.INTER_NEAREST))


def ridge_depth(image: Image) -> NDArray[np.float32]:
    """Return the relative depth of the dark line that best fits at each pixel, ``(H, W)``.

    Parameters
    ----------
    image
        Frame, ``(H, W)`` uint8.
    """
    from scipy import fft

    smooth = cv2.GaussianBlur(image, (0, 0), 0.7).astype(np.float32)
    log = np.log(np.maximum(smooth, 8))  # below 8 grey levels there is only noise
    padded = np.pad(log, REACH_ALONG, "symmetric")
    shape = tuple(fft.next_fast_len(side, real=True) for side in padded.shape)
    waves = fft.rfft2(padded, shape)
    inside = tuple(slice(REACH_ALONG, REACH_ALONG + side) for side in image.shape)
    depth = np.zeros(image.shape, np.float32)
    for spectrum in _spectra(shape):
        np.maximum(depth, fft.irfft2(waves * spectrum, shape)[inside], out=depth)
    return depth


@lru_cache(maxsize=1)  # the frames of a sequence are of one size; 70 MB for 512 px
def _spectra(shape: tuple[int, ...]) -> list[NDArray[np.float32]]:
    """Return the Fourier transforms of all filters, real because a filter is symmetric."""
    from scipy import fft

    spectra = []
    for sigma in SIGMAS:
        for step in range(DIRECTIONS):
            whole = np.zeros(shape, np.float32)
            kernel = _line_filter(sigma, np.pi * step / DIRECTIONS)
            whole[: len(kernel), : len(kernel)] = kernel
            centred = np.roll(whole, (-REACH_ALONG, -REACH_ALONG), (0, 1))
            spectra.append(np.ascontiguousarray(fft.rfft2(centred).real))
    return spectra


def _line_filter(sigma: float, angle: float) -> NDArray[np.float32]:
    """Second derivative across, Gaussian along; answers 1 to a line of depth 1 and this sigma."""
    y, x = np.mgrid[-REACH_ALONG : REACH_ALONG + 1, -REACH_ALONG : REACH_ALONG + 1].astype(float)
    along = x * np.cos(angle) + y * np.sin(angle)
    across = y * np.cos(angle) - x * np.sin(angle)
    profile = np.exp(-(across**2) / (2 * sigma**2))
    kernel = (across**2 / sigma**2 - 1) * profile * np.exp(-(along**2) / (2 * SIGMA_ALONG**2))
    kernel -= kernel.mean()
    return np.asarray(kernel / -(kernel * profile).sum(), np.float32)


def _continued(image: Image, inside: NDArray[np.bool_]) -> Image:
    """Carry the nearest exposed pixel outwards, so that the field's edge is no line."""
    from scipy.ndimage import distance_transform_edt

    if inside.all() or not inside.any():
        return image
    rows, columns = distance_transform_edt(~inside, return_distances=False, return_indices=True)
    return np.asarray(image[rows, columns])


def _curves(depth: NDArray[np.float32], inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    from skimage.filters import apply_hysteresis_threshold
    from skimage.morphology import skeletonize

    exposed = np.where(inside, depth, 0)
    ridge = apply_hysteresis_threshold(exposed, FAINT, CLEAR)
    skeleton = skeletonize(ridge).astype(np.uint8)
    _, curve, stats, _ = cv2.connectedComponentsWithStats(skeleton)
    length = stats[:, cv2.CC_STAT_AREA]
    certain = np.where(length < SHORT, 0, np.minimum(length / LONG, 1))[curve]
    pieces = skeleton * (neighbour_counts(skeleton) <= 2)  # between branches
    count, piece = cv2.connectedComponents(pieces)
    total = np.bincount(piece.ravel(), depth.ravel(), minlength=count)
    mean = (total / np.maximum(np.bincount(piece.ravel(), minlength=count), 1))[piece]
    score = pieces * certain * np.clip((mean - FAINT) / (STRONG - FAINT), 0, 1)
    band = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * REACH + 1, 2 * REACH + 1))
    return np.asarray(cv2.dilate(score.astype(np.float32), band))
