"""The values that flow through the generator: a device, a background, a sample.

Conventions (``docs/conventions.md``): images are ``(H, W)`` uint8 with dense material dark;
points are ``(x, y)`` in pixels with ``(0, 0)`` at the centre of the top-left pixel; widths are
full widths in pixels; a centreline runs from where the device enters the frame to its tip.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from fluorosynth.core.arrays import form
from fluorosynth.errors import BadDataError

T = TypeVar("T", bound=np.generic)

Image = NDArray[np.uint8]
Mask = NDArray[np.uint8]
Points = NDArray[np.float32]
Matrix = NDArray[np.float64]
Intensities = NDArray[np.float32]

Complex = NDArray[np.complex128]  # x + 1j y

FLOAT32 = np.dtype(np.float32)
BACKGROUND, INSTRUMENT, IGNORE = 0, 1, 255


@dataclass(frozen=True, slots=True)
class Device:
    """One instrument as a curve with a width; never a raster.

    Parameters
    ----------
    centreline
        ``(n, 2)`` float32, ``(x, y)`` in pixels, n >= 2, ordered from entry to tip.
    width
        ``(n,)`` float32, full width in pixels at each point, > 0.
    label
        What the instrument is: ``"catheter"``, ``"guidewire"``, ...
    id
        Where the curve came from, for the provenance of a sample.
    """

    centreline: Points
    width: NDArray[np.float32]
    label: str = "catheter"
    id: str = ""

    def __post_init__(self) -> None:
        if not _is_curve(self.centreline, self.width):  # cheap: made thousands of times a second
            raise BadDataError(
                "Device: `centreline` should be (n, 2) float32 with n >= 2 and `width` (n,) "
                f"float32, not {form(self.centreline)} and {form(self.width)}"
            )


@dataclass(frozen=True, slots=True)
class Background:
    """An instrument-free picture: ``(H, W)`` uint8, its id, and where its truth is unknown.

    ``ignore`` is ``(H, W)`` bool or None; True marks pixels that nobody has labelled. ``paths``
    are ``(n, 2)`` centrelines, from entry to tip, of instruments that lie in it and are ignored.
    """

    image: Image
    id: str
    ignore: NDArray[np.bool_] | None = None
    paths: tuple[Points, ...] = ()

    def __post_init__(self) -> None:
        if getattr(self.image, "ndim", 0) != 2 or self.image.dtype != np.uint8:
            raise BadDataError(
                f"Background: `image` should be (H, W) uint8, not {form(self.image)}"
            )


class Moment(Protocol):
    """What has moved by one frame of a sequence, as stages ask for it; see ``motion.course``."""

    @property
    def rest(self) -> tuple[Device, ...]:
        """The instruments before anything moved."""

    @property
    def contrast(self) -> float:
        """Share of the contrast medium that is in the vessels, 0..1."""

    @property
    def lag(self) -> float:
        """K of the detector's recursive filter, in (0, 1]; 1: none."""

    def displacement(self, at: Complex, heart: float = 0.0, breath: float = 0.0) -> Complex:
        """Return how far points at rest are displaced by now, px."""

    def place(
        self, x: float, y: float, heart: float = 0.0, breath: float = 0.0
    ) -> tuple[float, float]:
        """Return where a point at rest is by now."""

    def background(self, shape: tuple[int, int]) -> tuple[Intensities, Intensities]:
        """Return how far the picture behind is displaced at each pixel, x and y ``(H, W)``."""


@dataclass(frozen=True)
class Sample:
    """A picture with its exact truth.

    Until the ``render`` stage, geometry is pending: ``matrix`` maps background pixels to sample
    pixels, ``devices`` are already mapped, ``image`` is still the background and ``mask`` is None.
    Rendering resamples and rasterises once; then ``matrix`` is None and ``mask`` is exact.

    Parameters
    ----------
    image
        ``(H, W)`` uint8; between the stages ``expose`` and ``display`` of physical recipes
        ``(H, W)`` float32, intensity in (0, 1].
    devices
        The instruments, in sample pixels; parts may lie outside the frame.
    meta
        Provenance: ids and every scalar drawn, JSON-compatible.
    mask
        ``(H, W)`` uint8: 0 background, 1 instrument, 255 ignore.
    ignore
        ``(H, W)`` bool or None: where the background's own truth is unknown.
    paths
        Where real instruments lie in the background as it was drawn, roughly; no stage but the
        first ones sees them.
    matrix
        3x3 float64 or None: pending geometry, acting on ``(x, y, 1)``.
    pixels
        ``(k,)`` int32 flat indices of the instrument pixels, each once, once rendered.
    contrast
        ``(H, W)`` float32 or None: how much brighter each pixel would be without the
        instruments, carried along by the stages that know of it.
    moment
        Of a frame of a run: what has moved by then. None: a picture that stands alone.
    """

    image: Image
    devices: tuple[Device, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)
    mask: Mask | None = None
    ignore: NDArray[np.bool_] | None = None
    matrix: Matrix | None = None
    pixels: NDArray[np.int32] | None = None
    contrast: Intensities | None = None
    moment: Moment | None = None
    paths: tuple[Points, ...] = ()

    def with_(self, **changes: Any) -> Sample:
        """Return a copy with new values of some fields.

        Parameters
        ----------
        **changes
            Values by field; all other fields stay as they are.

        Raises
        ------
        TypeError
            For a name that is no field.

        Examples
        --------
        >>> sample = Sample(np.zeros((8, 8), np.uint8), meta={"index": 3})
        >>> sample.with_(image=sample.image + 1).meta
        {'index': 3}
        """
        if not changes.keys() <= self.__dict__.keys():
            raise TypeError(f"a sample has no {(changes.keys() - self.__dict__.keys()).pop()!r}")
        copy = object.__new__(Sample)  # dataclasses.replace takes three times as long
        copy.__dict__.update(self.__dict__, **changes)
        return copy


def read_only(array: NDArray[T]) -> NDArray[T]:
    """Return a view that cannot be written to: what is drawn from a pool is shared."""
    view = array.view()
    view.flags.writeable = False
    return view


def _is_curve(points: Any, width: Any) -> bool:
    try:
        (count,) = width.shape
        fits = count > 1 and points.shape == (count, 2)
        return bool(fits and points.dtype == FLOAT32 and width.dtype == FLOAT32)
    except (AttributeError, TypeError, ValueError):
        return False
