"""A picture unrolled along a curve, and the most likely course of a tube in it."""

from __future__ import annotations

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from fluorosynth.sample import Image
from fluorosynth.track.curve import Array, normals

Band = NDArray[np.float32]

DARKEST = 4.0  # grey levels added before the logarithm: below there is only noise
_LOG = np.log(np.arange(256) + DARKEST).astype(np.float32)


def logarithm(image: Image) -> Band:
    """Return a picture's logarithm, in which an instrument is as deep over bright as over dark.

    Parameters
    ----------
    image
        Frame, ``(H, W)`` uint8.
    """
    return np.asarray(_LOG[image])


def unroll(picture: Band, points: Array, offsets: Array) -> Band:
    """Sample a picture across a curve.

    Parameters
    ----------
    picture
        Picture, ``(H, W)`` float32; beyond its border its last pixels go on.
    points
        Points on the curve, ``(n, 2)``.
    offsets
        Distances along the normal, ``(k,)``, px.

    Returns
    -------
    ``(n, k)`` float32.
    """
    at = points[:, None] + offsets[:, None] * normals(points)[:, None]
    at = at.astype(np.float32)
    return np.asarray(
        cv2.remap(
            picture, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    )


def tube_filter(band: Band, width: float, step: float, along: float) -> Band:
    """Return how deep a dark tube of a width is at each place of a band: 1 for a depth of 1.

    The second derivative of a Gaussian across, a Gaussian along.

    Parameters
    ----------
    band
        Cross-sections, ``(n, k)`` float32.
    width
        Full width at half maximum, px.
    step
        Distance of the columns, px.
    along
        Deviation of the Gaussian along, rows.
    """
    sigma = max(width / 2.355, 0.6) / step
    u = np.arange(-int(np.ceil(4 * sigma)), int(np.ceil(4 * sigma)) + 1)
    profile = np.exp(-0.5 * (u / sigma) ** 2)
    across = ((u / sigma) ** 2 - 1) * profile
    across -= across.mean()
    across /= -(across * profile).sum()
    size = 2 * max(int(np.ceil(3 * along)), 1) + 1
    kernel = cv2.getGaussianKernel(size, max(along, 1e-3))
    found = cv2.sepFilter2D(
        band, cv2.CV_32F, -across.astype(np.float64), kernel, borderType=cv2.BORDER_REPLICATE
    )
    return np.asarray(-found)


@njit(cache=True)
def likely_course(evidence, slope, away):  # type: ignore[no-untyped-def]
    """Return the most likely course through a band and how sure each place of it is.

    A hidden Markov chain along the rows: the Viterbi path, and the marginals of the forward and
    backward pass.

    Parameters
    ----------
    evidence
        Log likelihood ratio of each place, ``(n, k)`` float64.
    slope
        Usual change of column from row to row, in columns.
    away
        Usual distance from the middle column, in columns.

    Returns
    -------
    ``(n,)`` int64 columns, and ``(n, k)`` float64 marginals.
    """
    n, k = evidence.shape
    most = max(int(3 * slope), 1)
    cost = np.empty(2 * most + 1)
    for d in range(-most, most + 1):
        cost[d + most] = -0.5 * (d / slope) ** 2
    weight = np.exp(cost)
    place = np.empty((n, k))
    for j in range(k):
        prior = -0.5 * ((j - (k - 1) / 2) / away) ** 2 / n
        for i in range(n):
            place[i, j] = evidence[i, j] + prior
    best, came = place.copy(), np.zeros((n, k), np.int64)
    forward, backward = np.empty((n, k)), np.ones((n, k))
    forward[0] = np.exp(place[0] - place[0].max())
    for i in range(1, n):
        top = place[i].max()
        total = 0.0
        for j in range(k):
            found, where, mass = -np.inf, j, 0.0
            for d in range(max(-most, -j), min(most, k - 1 - j) + 1):
                value = best[i - 1, j + d] + cost[d + most]
                mass += forward[i - 1, j + d] * weight[d + most]
                if value > found:
                    found, where = value, j + d
            best[i, j] = found + place[i, j]
            came[i, j] = where
            forward[i, j] = mass * np.exp(place[i, j] - top)
            total += forward[i, j]
        forward[i] /= max(total, 1e-300)
    for i in range(n - 2, -1, -1):
        top = place[i + 1].max()
        total = 0.0
        for j in range(k):
            mass = 0.0
            for d in range(max(-most, -j), min(most, k - 1 - j) + 1):
                mass += (
                    backward[i + 1, j + d] * weight[d + most] * np.exp(place[i + 1, j + d] - top)
                )
            backward[i, j] = mass
            total += mass
        backward[i] /= max(total, 1e-300)
    course = np.empty(n, np.int64)
    course[-1] = np.argmax(best[-1])
    for i in range(n - 1, 0, -1):
        course[i - 1] = came[i, course[i]]
    marginal = forward * backward
    for i in range(n):
        marginal[i] /= max(marginal[i].sum(), 1e-300)
    return course, marginal
