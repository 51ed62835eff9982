"""Line integrals through a volume, by Joseph's method.

Joseph, IEEE Trans. Med. Imaging 1, 1982: along the axis that a ray runs closest to, the volume is
interpolated linearly once per plane of voxels. Sums are in double precision and in a fixed order,
compiled without ``fastmath``: the same bytes on any processor.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fluorosynth.drr.attenuation import Attenuation
from fluorosynth.drr.carm import CArm

_INSIDE = 1e-6  # voxels: rays are cut so far inside the grid, so that rounding cannot leave it


def line_integrals(body: Attenuation, view: CArm, size: int) -> NDArray[np.float64]:
    """Return the attenuation along the ray to each pixel's centre, ``(size, size)``, no unit.

    Beyond its first and last slice the volume goes on as they are: a patient does not end where
    the CT does.

    Parameters
    ----------
    body
        Attenuation of the patient.
    view
        Place of source and detector.
    size
        Number of pixels along a side.
    """
    back = np.linalg.inv(body.affine)
    corner, right, down = view.pixels(size)
    lengths = _lengths(view.source, corner, right, down, size)
    source = back[:3, :3] @ view.source + back[:3, 3]
    corner = back[:3, :3] @ corner + back[:3, 3]
    steps = back[:3, :3] @ right, back[:3, :3] @ down
    return np.asarray(_project(body.mu, source, corner, *steps, size) * lengths)


def _lengths(
    source: NDArray[np.float64],
    corner: NDArray[np.float64],
    right: NDArray[np.float64],
    down: NDArray[np.float64],
    size: int,
) -> NDArray[np.float64]:
    """Return the length of each ray from the source to its pixel, mm."""
    index = np.arange(size)
    rays = corner - source + index[None, :, None] * right + index[:, None, None] * down
    return np.asarray(np.sqrt((rays**2).sum(axis=2)))


@njit(cache=True, nogil=True)
def _project(mu, source, corner, right, down, size):  # type: ignore[no-untyped-def]
    """Return the mean of the volume along each ray, source to pixel; all in voxel indices."""
    out = np.empty((size, size))
    for column in range(size):  # neighbours along the body share cache lines
        for row in range(size):
            ray = corner + column * right + row * down - source
            out[row, column] = _along(mu, source, ray)
    return out


@njit(cache=True, nogil=True)
def _along(mu, source, ray):  # type: ignore[no-untyped-def]
    near, far = 0.0, 1.0
    for axis in range(2):  # not along the body, which goes on
        last = mu.shape[axis] - 1.0 - _INSIDE
        if abs(ray[axis]) < 1e-12:
            if not _INSIDE <= source[axis] <= last:
                return 0.0
            continue
        enters, leaves = (_INSIDE - source[axis]) / ray[axis], (last - source[axis]) / ray[axis]
        near = max(near, min(enters, leaves))
        far = min(far, max(enters, leaves))
    if near >= far:
        return 0.0
    main = 0
    for axis in range(1, 3):
        if abs(ray[axis]) > abs(ray[main]):
            main = axis
    b, c = (1 if main == 0 else 0), (1 if main == 2 else 2)
    ends = source[main] + near * ray[main], source[main] + far * ray[main]
    first, last = np.ceil(min(ends)), np.floor(max(ends))
    slope_b, slope_c = ray[b] / ray[main], ray[c] / ray[main]
    at_b = source[b] + (first - source[main]) * slope_b
    at_c = source[c] + (first - source[main]) * slope_c
    strides = (mu.shape[1] * mu.shape[2], mu.shape[2], 1)
    to_b, to_c = np.uint64(strides[b]), np.uint64(strides[c])  # unsigned: no check for negative
    flat, top, end = mu.ravel(), mu.shape[main] - 1, mu.shape[c] - 1
    total = 0.0
    for k in range(int(last - first) + 1):
        x = at_b + k * slope_b
        y = min(max(at_c + k * slope_c, 0.0), float(end))
        i, j = int(x), min(int(y), end - 1)
        u, v = x - i, y - j
        plane = min(max(int(first) + k, 0), top)
        here = np.uint64(plane * strides[main] + i * strides[b] + j * strides[c])
        there = here + to_b
        upper = flat[here] + v * (flat[here + to_c] - flat[here])
        lower = flat[there] + v * (flat[there + to_c] - flat[there])
        total += upper + u * (lower - upper)
    return total / abs(ray[main])
