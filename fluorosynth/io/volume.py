"""CT volumes in: one function over NIfTI files and folders of DICOM slices."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_128

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import quoted, untrusted
from fluorosynth.io.sources import find_sources

MAX_VOXELS = 2**28  # 1024 slices of 512 x 512: 1.6 GB while it is read
MIN_SLICES = 8
SPACING = 0.05, 20.0  # mm; what lies outside is in another unit, or no CT of a body
HU = -32768, 32767
NIFTI = (".nii", ".nii.gz")


@dataclass(frozen=True)
class Volume:
    """A CT in patient coordinates.

    Parameters
    ----------
    hu
        Hounsfield units, ``(X, Y, Z)`` int16. The axes run roughly to the patient's right, front
        and head.
    affine
        Matrix from voxel indices (voxel centres at whole numbers) to mm towards right, front and
        head (RAS), ``(4, 4)`` float64.
    """

    hu: NDArray[np.int16]
    affine: NDArray[np.float64]

    @property
    def spacing(self) -> NDArray[np.float64]:
        """Distances between voxels along the three axes, mm."""
        return np.asarray(np.linalg.norm(self.affine[:3, :3], axis=0))


def is_nifti(path: Path) -> bool:
    """Tell whether a name is that of a NIfTI file.

    Parameters
    ----------
    path
        Path in question; it need not exist.
    """
    return path.name.lower().endswith(NIFTI)


def volume_files(path: Path) -> list[Path]:
    """Return the files that hold a CT: itself, or the DICOM files of the folder.

    Parameters
    ----------
    path
        File of NIfTI, or a folder of DICOM slices.

    Raises
    ------
    BadDataError
        When nothing is there, or what is there is of neither kind.
    """
    if is_nifti(path) and path.is_file():
        return [path]
    if path.exists() and not path.is_dir():
        raise BadDataError(
            f"{quoted(path)} is no CT that can be read: name a NIfTI file ({', '.join(NIFTI)}) or "
            "a folder of DICOM slices"
        )
    return find_sources(path)


def content_digest(path: Path) -> str:
    """Return XXH3-128 over the bytes of the CT's files, whatever their names are.

    Parameters
    ----------
    path
        File of NIfTI, or a folder of DICOM slices.
    """
    parts = []
    for file in volume_files(path):
        with untrusted(file), file.open("rb") as stream:
            digest = xxh3_128()
            while block := stream.read(2**20):
                digest.update(block)
        parts.append(digest.digest())
    return xxh3_128(b"".join(sorted(parts))).hexdigest()


def read_volume(path: str | Path) -> Volume:
    """Read a CT.

    Parameters
    ----------
    path
        File of NIfTI (``.nii``, ``.nii.gz``), or a folder that holds one series of DICOM slices.

    Raises
    ------
    BadDataError
        When it is missing, broken, without voxel spacing, too large, or no CT.
    MissingExtraError
        When nibabel or pydicom is not installed.
    """
    path = Path(path)
    files = volume_files(path)
    reader = import_module("fluorosynth.io." + ("nifti" if is_nifti(path) else "dicom_series"))
    with untrusted(path):
        volume: Volume = reader.read(path, files)
    _check_units(path, volume)
    return volume


def check_extent(path: Path, shape: tuple[int, ...]) -> None:
    """Refuse a volume of impossible size; called with header values, before decoding.

    Parameters
    ----------
    path
        File, for the message.
    shape
        Numbers of voxels that its header states.

    Raises
    ------
    BadDataError
        When a side is too short, or all are too many.
    """
    if len(shape) != 3:
        raise BadDataError(
            f"{quoted(path)} has {len(shape)} dimensions {shape}; a CT volume has 3: "
            "save one volume of it"
        )
    voxels = int(np.prod([int(n) for n in shape], dtype=object))
    if voxels > MAX_VOXELS:
        raise BadDataError(
            f"{quoted(path)} claims {' x '.join(map(str, shape))} voxels; at most {MAX_VOXELS} are "
            "read: crop or resample it"
        )
    if min(shape) < MIN_SLICES:
        raise BadDataError(
            f"{quoted(path)} is {' x '.join(map(str, shape))} voxels; a CT volume has at least "
            f"{MIN_SLICES} along each axis"
        )


def check_spacing(path: Path, spacing: NDArray[np.float64]) -> None:
    """Refuse voxels of no size, or of one that no CT of a body has.

    Parameters
    ----------
    path
        File, for the message.
    spacing
        Sides of a voxel, ``(3,)`` float64, mm.

    Raises
    ------
    BadDataError
        When one is out of range.
    """
    low, high = SPACING
    if not all(low <= s <= high for s in spacing):  # NaN as well
        raise BadDataError(
            f"{quoted(path)} says that its voxels are {' x '.join(f'{s:g}' for s in spacing)} mm; "
            f"without a spacing of {low:g} to {high:g} mm it cannot be projected: "
            "correct its header"
        )


def _check_units(path: Path, volume: Volume) -> None:
    low, high = int(volume.hu.min()), int(volume.hu.max())
    if low >= 0 or high < 100:
        raise BadDataError(
            f"{quoted(path)} holds values from {low} to {high}, which are no Hounsfield units (air "
            "is near -1000 and bone above 100): is it a CT, and is its rescale intercept applied?"
        )
