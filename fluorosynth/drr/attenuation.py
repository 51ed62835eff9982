"""From Hounsfield units to attenuation, of the body alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.io.volume import Volume
from fluorosynth.xray.materials import water_and_bone

CT_KEV = 70.0  # effective energy of a CT at 120 kVp
SOFT_HU = 80  # up to here it is air and tissue; above, bone comes in
BODY_HU = -400  # halfway between air and tissue, with some air in the voxel
BLOOD_HU, POOL_HU, POOL_ML = 50, 200, 100.0
_CELL = 3.0  # mm; the body is found on a coarse grid


@dataclass(frozen=True)
class Attenuation:
    """Attenuation on a grid.

    Parameters
    ----------
    mu
        Attenuation, ``(X, Y, Z)`` float32, 1/mm; zero at both ends of X and Y.
    affine
        Matrix from voxel indices to mm towards right, front and head, ``(4, 4)`` float64.
    low
        Corner of the box around the body: right, back and feet, ``(3,)`` float64, mm.
    high
        Opposite corner of that box, ``(3,)`` float64, mm.
    """

    mu: NDArray[np.float32]
    affine: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def attenuation_of(hu: NDArray[np.int16], energy: float) -> NDArray[np.float32]:
    """Return the attenuation of Hounsfield units, 1/mm.

    Air to soft tissue scales water, ``(1 + HU / 1000) mu_water``, and is never negative. Above 80
    HU cortical bone is mixed in: the second line leads to its own point, whose HU follow from the
    energy of a CT (as in Carney et al., Med. Phys. 33, 2006, for PET).

    Parameters
    ----------
    hu
        Values of the CT, int16 of any shape.
    energy
        Effective energy, 30 to 100 keV.
    """
    return np.asarray(_table(energy)[hu.view(np.uint16)])


def bone_hu() -> float:
    """Return the Hounsfield units of cortical bone in a CT of 120 kVp."""
    water, bone = water_and_bone(CT_KEV)
    return 1000 * (bone - water) / water


def body(volume: Volume, energy: float, blood: bool = True) -> Attenuation:
    """Return the attenuation of the largest thing in the CT: the body, without its table.

    Parameters
    ----------
    volume
        CT, in Hounsfield units.
    energy
        Effective energy, 30 to 100 keV.
    blood
        Whether blood that contrast agent brightens attenuates as blood again; see ``contrasted``.

    Raises
    ------
    BadDataError
        When there is nothing but air.
    """
    inside, step = _coarse_body(volume)
    low, high = _box(inside)
    low, high = low * step, np.minimum(high * step, volume.hu.shape)
    where = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    hu = volume.hu[where]
    if blood:
        hu = np.where(contrasted(hu, volume.spacing), np.minimum(hu, BLOOD_HU), hu)
    mu = attenuation_of(hu, energy)
    mask = inside.repeat(step[0], 0).repeat(step[1], 1).repeat(step[2], 2)[where]
    mu *= mask
    mu = np.pad(mu, ((1, 1), (1, 1), (0, 0)))
    affine = volume.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ (low - (1, 1, 0))
    ends = volume.affine[:3, :3] @ np.stack([low, high - 1], 1) + volume.affine[:3, 3:]
    return Attenuation(mu, affine, ends.min(1), ends.max(1))


def contrasted(hu: NDArray[np.int16], spacing: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return where blood holds contrast agent, ``(X, Y, Z)`` like ``hu``.

    That is what is denser than 200 HU, at least 6 mm thick and joined to a pool of 100 ml: the
    heart and what leads to and from it. Vertebrae are smaller, and discs part them.

    Parameters
    ----------
    hu
        Values of the CT, ``(X, Y, Z)`` int16.
    spacing
        Sides of a voxel, ``(3,)``, mm.
    """
    from scipy import ndimage

    step = np.maximum(np.rint(2.0 / spacing), 1).astype(np.int64)
    dense = hu[tuple(slice(None, None, s) for s in step)] > POOL_HU
    cell = spacing * step
    ball = _ball(3.0, cell)
    labels, _ = ndimage.label(ndimage.binary_opening(dense, ball))
    volumes = np.bincount(labels.ravel())[1:] * cell.prod() / 1000
    pools = np.isin(labels, 1 + np.flatnonzero(volumes >= POOL_ML))
    grown = ndimage.binary_dilation(pools, _ball(4.0, cell))
    for axis in range(3):
        grown = grown.repeat(step[axis], axis)
    return np.asarray(grown[: hu.shape[0], : hu.shape[1], : hu.shape[2]])


def _ball(radius: float, cell: NDArray[np.float64]) -> NDArray[np.bool_]:
    reach = [int(radius / c) for c in cell]
    grid = np.ogrid[tuple(slice(-r, r + 1) for r in reach)]
    return np.asarray(sum((g * c) ** 2 for g, c in zip(grid, cell, strict=True)) <= radius**2)


def _table(energy: float) -> NDArray[np.float32]:
    """Return mu of every int16, in the order of their bit patterns."""
    water, bone = water_and_bone(energy)
    hu = np.arange(2**16, dtype=np.uint16).view(np.int16).astype(np.float64)
    tissue = water * (1 + np.minimum(hu, SOFT_HU) / 1000)
    slope = (bone - water * (1 + SOFT_HU / 1000)) / (bone_hu() - SOFT_HU)
    mu = tissue + slope * np.maximum(hu - SOFT_HU, 0)
    return np.maximum(mu, 0).astype(np.float32)


def _coarse_body(volume: Volume) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return where the body is, on cells of ``step`` voxels along each axis."""
    from scipy import ndimage

    step = np.maximum(np.rint(_CELL / volume.spacing), 1).astype(np.int64)
    dense = volume.hu[tuple(slice(None, None, s) for s in step)] > BODY_HU
    cross = ndimage.generate_binary_structure(3, 1)
    disc = cross.copy()
    disc[:, :, (0, 2)] = False
    opened = ndimage.binary_opening(dense, disc)  # cuts blankets and thin table tops off
    labels, count = ndimage.label(opened)
    if count == 0:
        raise BadDataError(f"the CT holds no body: nothing in it is denser than {BODY_HU} HU")
    largest = labels == 1 + np.bincount(labels.ravel())[1:].argmax()
    grown = ndimage.binary_dilation(largest, cross)  # to the skin, and a cell beyond
    for k in range(grown.shape[2]):  # lungs
        grown[:, :, k] = ndimage.binary_fill_holes(grown[:, :, k])
    return grown, step


def _box(inside: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    spans = [np.flatnonzero(inside.any(tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    return np.array([s[0] for s in spans]), np.array([s[-1] + 1 for s in spans])
