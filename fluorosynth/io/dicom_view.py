"""At which scale and voltage a DICOM image was taken."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from fluorosynth.io.dicom_header import read_header

if TYPE_CHECKING:
    from pydicom import Dataset

TAGS = (
    "ImagerPixelSpacing",
    "EstimatedRadiographicMagnificationFactor",
    "DistanceSourceToDetector",
    "DistanceSourceToPatient",
    "KVP",
)
MAGNIFICATION = 1.41  # of a C-arm: 1100 mm to the detector, 780 mm to the isocentre
SANE = 0.005, 20.0  # mm per px at the detector; what lies outside is in another unit


def view_of(path: Path) -> tuple[float | None, float | None]:
    """Return the millimetres per pixel, at the patient, and the kilovolts of a file.

    Imager Pixel Spacing (0018,1164) holds at the detector. It is divided by the magnification:
    the estimated factor (0018,1114), else the distances from the source to detector and patient
    (0018,1110; 0018,1111), else that of a usual C-arm.

    Parameters
    ----------
    path
        File of DICOM.

    Returns
    -------
    Both numbers, each None where the file does not state it, or states what cannot be.
    """
    header = read_header(path, TAGS)[0]
    spacing = _number(header, "ImagerPixelSpacing")
    if spacing is not None and not SANE[0] <= spacing <= SANE[1]:
        spacing = None
    kvp = _number(header, "KVP")
    return None if spacing is None else spacing / magnification(header), kvp


def magnification(header: Dataset) -> float:
    """Return how much larger a shadow on the detector is than what casts it, 1 to 4.

    Parameters
    ----------
    header
        Header of the file.
    """
    stated = _number(header, "EstimatedRadiographicMagnificationFactor")
    far, near = (_number(header, f"DistanceSourceTo{place}") for place in ("Detector", "Patient"))
    if stated is None and far is not None and near is not None:
        stated = far / near
    return stated if stated is not None and 1 <= stated <= 4 else MAGNIFICATION


def _number(header: Dataset, keyword: str) -> float | None:
    """Return a finite number above 0, the first of several; None where there is none."""
    value = header.get(keyword)
    try:
        number = float(value[0] if hasattr(value, "__getitem__") else value)
    except (TypeError, ValueError, IndexError):
        return None
    return number if 0 < number < math.inf else None
