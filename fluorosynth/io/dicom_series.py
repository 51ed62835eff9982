"""A CT as a folder of DICOM slices, through pydicom."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.io.dicom_header import frame_count, read_header
from fluorosynth.io.dicom_pixels import stored
from fluorosynth.io.guard import finite, quoted, untrusted
from fluorosynth.io.volume import HU, Volume, check_extent, check_spacing

if TYPE_CHECKING:
    from pydicom import Dataset

_TAGS = ("Modality", "SeriesInstanceUID", "PixelSpacing")
_PLACE = ("ImagePositionPatient", "ImageOrientationPatient")
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0])
_UNEVEN = 0.1  # of the distance between slices


@dataclass(frozen=True)
class _Slice:
    file: Path
    header: Dataset
    start: int

    def vector(self, keyword: str, length: int) -> NDArray[np.float64]:
        value = self.header.get(keyword)
        if value is None or len(value) != length:
            raise BadDataError(
                f"{quoted(self.file)} has no {keyword}, without which a CT has no spacing and place"
            )
        return np.array([float(number) for number in value])


def read(path: Path, files: list[Path]) -> Volume:
    """Return the volume of the one CT series in a folder, from right, back and feet on.

    Parameters
    ----------
    path
        Folder of the series, for messages.
    files
        Files in it.
    """
    slices = [_Slice(file, *_header(file)) for file in files]
    slices = [s for s in slices if s.header.get("Modality") == "CT"]
    _check_series(path, slices)
    axes = slices[0].vector("ImageOrientationPatient", 6).reshape(2, 3)
    normal = np.cross(axes[0], axes[1])
    slices.sort(key=lambda s: float(s.vector("ImagePositionPatient", 3) @ normal))
    first = slices[0].header
    check_extent(path, (int(first.Columns), int(first.Rows), len(slices)))
    down, right = slices[0].vector("PixelSpacing", 2)
    step = _step(path, slices)
    check_spacing(path, np.array([right, down, float(np.linalg.norm(step))]))
    affine = np.eye(4)
    affine[:3] = _LPS_TO_RAS @ np.column_stack(
        [axes[0] * right, axes[1] * down, step, slices[0].vector("ImagePositionPatient", 3)]
    )
    hu = np.empty((int(first.Columns), int(first.Rows), len(slices)), np.int16)
    for k, one in enumerate(slices):
        with untrusted(one.file):
            hu[:, :, k] = _hounsfield(one).T
    return _canonical(hu, affine)


def _header(file: Path) -> tuple[Dataset, int]:
    with untrusted(file):
        return read_header(file, (*_TAGS, *_PLACE))


def _check_series(path: Path, slices: list[_Slice]) -> None:
    if not slices:
        raise BadDataError(f"{quoted(path)} holds no CT image: name a folder of DICOM CT slices")
    series = {str(s.header.get("SeriesInstanceUID")) for s in slices}
    if len(series) > 1:
        raise BadDataError(f"{quoted(path)} holds {len(series)} CT series: name a folder of one")
    for s in slices:
        if frame_count(s.header) > 1:
            raise BadDataError(
                f"{quoted(s.file)} is a multi-frame CT, which is not read: save it as NIfTI"
            )
        sides = [(x.header.Rows, x.header.Columns) for x in (s, slices[0])]
        turned = s.vector("ImageOrientationPatient", 6)
        if sides[0] != sides[1] or not np.allclose(
            turned, slices[0].vector("ImageOrientationPatient", 6), atol=1e-3
        ):
            raise BadDataError(f"{quoted(s.file)} has another size or direction than other slices")


def _step(path: Path, slices: list[_Slice]) -> NDArray[np.float64]:
    """Return the vector from one slice to the next; BadDataError where one is missing."""
    places = np.array([s.vector("ImagePositionPatient", 3) for s in slices])
    steps = np.diff(places, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    usual = float(np.median(lengths))
    if not np.all(np.abs(lengths - usual) <= _UNEVEN * usual):
        raise BadDataError(
            f"{quoted(path)} has slices {lengths.min():g} to {lengths.max():g} mm apart: "
            "some are missing or double"
        )
    mean: NDArray[np.float64] = (places[-1] - places[0]) / len(steps)
    return mean


def _hounsfield(one: _Slice) -> NDArray[np.int16]:
    pixels = next(stored(one.file, [0], one.header, one.start))
    slope = float(one.header.get("RescaleSlope", 1))
    scaled = pixels * slope + float(one.header.get("RescaleIntercept", 0))
    return np.asarray(np.rint(finite(one.file, scaled).clip(*HU)), np.int16)


def _canonical(hu: NDArray[np.int16], affine: NDArray[np.float64]) -> Volume:
    """Turn the axes to the nearest of right, front and head."""
    order = [int(np.argmax(np.abs(row))) for row in affine[:3, :3]]
    if sorted(order) != [0, 1, 2]:
        raise BadDataError("the CT's slices are turned by 45 degrees; resample it")
    hu, affine = hu.transpose(order), affine[:, [*order, 3]]
    for axis in range(3):
        if affine[axis, axis] < 0:
            affine[:3, 3] += (hu.shape[axis] - 1) * affine[:3, axis]
            affine[:3, axis] *= -1
            hu = np.flip(hu, axis)
    return Volume(np.ascontiguousarray(hu), affine)
