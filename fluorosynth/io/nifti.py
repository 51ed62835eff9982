"""NIfTI volumes, through nibabel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError, extra
from fluorosynth.io.guard import finite, quoted
from fluorosynth.io.volume import HU, Volume, check_extent, check_spacing


def read(path: Path, files: list[Path]) -> Volume:
    """Return the volume, its axes turned to the nearest of right, front and head.

    Parameters
    ----------
    path
        File of NIfTI, for messages.
    files
        List of that one file.
    """
    with extra("ct", f"{quoted(path)} is NIfTI, which needs nibabel"):
        import nibabel
    header = _header(files[0])
    check_extent(path, header.get_data_shape())
    check_spacing(path, np.asarray(header["pixdim"][1:4], np.float64))
    if header.get_data_dtype().kind not in "iuf":
        raise BadDataError(f"{quoted(path)} holds {header.get_data_dtype()}, not plain numbers")
    stored = nibabel.load(files[0])
    finite(path, np.asarray(stored.affine, np.float64))  # before its axes are turned
    image = nibabel.as_closest_canonical(stored)
    affine = np.asarray(image.affine, np.float64)
    check_spacing(path, nibabel.affines.voxel_sizes(affine))
    return Volume(_hounsfield(path, image), affine)


def _header(file: Path) -> Any:
    """Return the header as it stands: nibabel would mend a spacing of 0 to 1 mm, unasked."""
    from nibabel import Nifti1Header, Nifti2Header
    from nibabel.openers import ImageOpener

    with ImageOpener(file, "rb") as stream:
        start = stream.read(Nifti2Header.sizeof_hdr)
        stream.seek(0)
        kind = Nifti2Header if Nifti2Header.may_contain_header(start) else Nifti1Header
        return kind.from_fileobj(stream, check=False)


def _hounsfield(path: Path, image: Any) -> NDArray[np.int16]:
    stored = np.asanyarray(image.dataobj)
    if stored.dtype == np.int16:
        return np.ascontiguousarray(stored)
    return np.ascontiguousarray(np.rint(finite(path, stored).clip(*HU)).astype(np.int16))
