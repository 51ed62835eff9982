"""Where the source and the detector of a C-arm stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import UsageError

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class CArm:
    """One view; directions are those of the patient: right, front, head (RAS, mm).

    Parameters
    ----------
    primary
        Angle in degrees from posterior-anterior towards LAO (positive: the detector goes to the
        patient's left) or RAO (negative): DICOM Positioner Primary Angle.
    secondary
        Angle in degrees towards cranial (positive) or caudal (negative): Positioner Secondary
        Angle.
    isocentre
        Point that the C-arm turns about, ``(3,)``, mm.
    source_detector
        Distance from source to detector, mm.
    source_isocentre
        Distance from source to isocentre, mm.
    field
        Side of the square frame, in mm at the isocentre.

    Examples
    --------
    >>> view = CArm(primary=90, secondary=0, isocentre=(0, 0, 0))
    >>> round(float(view.source[0]), 6)  # left lateral: the source to the right
    780.0
    """

    primary: float
    secondary: float
    isocentre: tuple[float, float, float]
    source_detector: float = 1100.0
    source_isocentre: float = 780.0
    field: float = 200.0

    def __post_init__(self) -> None:
        if not 0 < self.source_isocentre < self.source_detector < np.inf:
            raise UsageError(
                "the source must be nearer to the isocentre than to the detector, not "
                f"{self.source_isocentre:g} and {self.source_detector:g} mm"
            )
        if not 0 < self.field <= self.source_isocentre:
            raise UsageError(
                f"the field must be over 0 and at most {self.source_isocentre:g} mm, "
                f"not {self.field:g}"
            )

    @property
    def axes(self) -> tuple[Vector, Vector, Vector]:
        """Unit vectors: to the right of the picture, down it, and from source to detector."""
        a, b = np.deg2rad([self.primary, self.secondary])
        right = np.array([-np.cos(a), -np.sin(a), 0.0])
        down = -np.array([np.sin(a) * np.sin(b), -np.cos(a) * np.sin(b), np.cos(b)])
        beam = np.array([-np.sin(a) * np.cos(b), np.cos(a) * np.cos(b), np.sin(b)])
        return right, down, beam

    @property
    def source(self) -> Vector:
        """Return the focal spot, ``(3,)`` mm."""
        return np.asarray(self.isocentre - self.source_isocentre * self.axes[2])

    @property
    def magnification(self) -> float:
        """How much larger the shadow of what lies at the isocentre is."""
        return self.source_detector / self.source_isocentre

    def pixels(self, size: int) -> tuple[Vector, Vector, Vector]:
        """Return the centre of the top-left pixel and the steps to the right and down, in mm.

        Parameters
        ----------
        size
            Number of pixels along a side.
        """
        right, down, beam = self.axes
        pitch = self.field * self.magnification / size
        middle = self.source + self.source_detector * beam
        corner = middle - (size - 1) / 2 * pitch * (right + down)
        return corner, pitch * right, pitch * down
