"""From pending geometry to a picture and its mask."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Interval
from numpy.typing import NDArray

from fluorosynth.geometry.raster import cover
from fluorosynth.geometry.warp import Border, displace, resample
from fluorosynth.sample import IGNORE, INSTRUMENT, Image, Sample
from fluorosynth.stages.base import Stage
from fluorosynth.stages.order import PENDING, check_sample

FWHM = np.float32(math.sqrt(3) / 2)  # of a solid tube's shadow, in its diameters
NOTHING = np.empty(0, np.int32)


@dataclass(frozen=True)
class Render(Stage):
    """Resample the background once and rasterise the exact mask once. Draws nothing.

    Parameters
    ----------
    border
        Filling of pixels that the moved background leaves uncovered. Gherardini et al. 2020 do not
        say; "edge", the nearest value, is what their tool does by default.
    label_width
        Width that the mask is drawn with: the ``"outer"`` diameter, or the ``"fwhm"`` of a solid
        tube's shadow before blur, sqrt(3)/2 of it. At least a pixel.
    blur
        Standard deviation of a blur that the label's width allows for, in px of a 256 px picture:
        w becomes sqrt(w^2 + (2.355 blur)^2), the width at half maximum of the blurred shadow if
        both were Gaussian. 0: before blur.
    instruments
        Labels of the devices that the mask counts as instruments; empty: all.
    """

    takes = PENDING
    gives = "rendered"

    draws: ClassVar[bool] = False

    border: Border = "reflect"
    label_width: Literal["outer", "fwhm"] = "fwhm"
    blur: Annotated[float, Interval(ge=0, le=100)] = 0.8
    instruments: tuple[str, ...] = ()

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:  # noqa: ARG002
        """Return the sample with its image moved and its mask drawn."""
        check_sample(self, sample)
        image, ignore = sample.image, sample.ignore
        if sample.matrix is not None or sample.moment is not None:
            image = _moved(image, sample, self.border)
            ignore = None if ignore is None else _unknown(ignore, sample)
        mask = np.zeros(image.shape, np.uint8)
        if ignore is not None:
            mask[ignore] = IGNORE
        counted = [d for d in sample.devices if not self.instruments or d.label in self.instruments]
        drawn = [
            cover(mask, d.centreline, self.label_widths(d.width, max(mask.shape)), INSTRUMENT)
            for d in counted
        ]
        covered = drawn[0] if len(drawn) == 1 else np.concatenate([NOTHING, *drawn])
        return sample.with_(
            image=image, mask=mask, ignore=ignore, matrix=None, pixels=covered, paths=()
        )

    def label_widths(self, outer: NDArray[np.float32], side: int) -> NDArray[np.float32]:
        """Return how wide a label is drawn, ``(n,)`` float32 px.

        Parameters
        ----------
        outer
            Outer diameter of the instrument, ``(n,)`` float32, px.
        side
            Side of the picture, px.
        """
        width = outer * FWHM if self.label_width == "fwhm" else outer
        if self.blur:
            width = np.sqrt(width * width + np.float32(2.355 * self.blur * side / 256) ** 2)
        return width


def _moved(image: Image, sample: Sample, border: Border) -> Image:
    """Move a picture by the pending geometry, and by what has moved since a sequence began."""
    if sample.moment is None:
        return image if sample.matrix is None else resample(image, sample.matrix, border)
    return displace(image, sample.moment.background(image.shape), sample.matrix, border)


def _unknown(ignore: NDArray[np.bool_], sample: Sample) -> NDArray[np.bool_]:
    """Move an ignore mask; what bilinear weights touch, and what no pixel covers, is unknown."""
    known = _moved((~ignore).view(np.uint8) * np.uint8(255), sample, "black")
    return known < 255
