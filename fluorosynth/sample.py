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

UINT8, FLOAT32 = np.dtype(np.uint8), np.dtype(np.float32)
BACKGROUND, INSTRUMENT, IGNORE = 0, 1, 255


@dataclass(frozen=True, slots=True)
class Device:
    """One instrument as a curve with a width; never a raster.

    Parameters
    ----------
    centreline
        Points, ``(n, 2)`` float32, ``(x, y)`` in pixels, n >= 2, from entry to tip.
    width
        Full width at each point, ``(n,)`` float32, px, > 0.
    label
        Kind of instrument: ``"catheter"``, ``"guidewire"``, ...
    id
        Name of the curve, for the provenance of a sample.
    """

    centreline: Points
    width: NDArray[np.float32]
    label: str = "catheter"
    id: str = ""

    def __post_init__(self) -> None:
        points, width = self.centreline, self.width
        try:  # cheap: made thousands of times a second
            if (
                points.dtype == width.dtype == FLOAT32
                and points.shape == (len(width), 2)
                and width.ndim == 1 < len(width)
            ):
                return
        except (AttributeError, TypeError):
            pass
        raise BadDataError(
            "Device: `centreline` should be (n, 2) float32 with n >= 2 and `width` (n,) "
            f"float32, not {form(points)} and {form(width)}"
        )


@dataclass(frozen=True, slots=True)
class View:
    """Scale and tube voltage of a picture: the one place where both are said.

    Parameters
    ----------
    mm_per_px
        Millimetres per pixel of the picture, at the patient.
    kvp
        Tube voltage, 60 to 90 kV.

    Examples
    --------
    >>> View(0.5, 70.0).px_per_mm
    2.0
    """

    mm_per_px: float
    kvp: float

    @property
    def px_per_mm(self) -> float:
        """Pixels per millimetre."""
        return 1 / self.mm_per_px

    @staticmethod
    def usual(side: int) -> View:
        """Return the view of a picture that says nothing of its own: 15 cm across, at 75 kV.

        Parameters
        ----------
        side
            Longer side of the picture, px.
        """
        return View(153.6 / side, 75.0)


@dataclass(frozen=True, slots=True)
class Background:
    """An instrument-free picture.

    Parameters
    ----------
    image
        Picture, ``(H, W)`` uint8, dense material dark.
    id
        Name of the picture, for the provenance of a sample.
    ignore
        Pixels whose truth is unknown, ``(H, W)`` bool, or None: all is known.
    paths
        Centrelines of instruments that lie in it and are ignored, each ``(n, 2)`` from entry to
        tip.
    mm_per_px
        Millimetres per pixel at the patient; None: unknown.
    kvp
        Tube voltage, kV; None: unknown.
    span
        Attenuation from black to white where grey levels are line integrals of the attenuation,
        level g for span (1 - g / 255); None: they are those of a display.
    """

    image: Image
    id: str
    ignore: NDArray[np.bool_] | None = None
    paths: tuple[Points, ...] = ()
    mm_per_px: float | None = None
    kvp: float | None = None
    span: float | None = None

    def __post_init__(self) -> None:
        if getattr(self.image, "ndim", 0) != 2 or self.image.dtype != UINT8:
            raise BadDataError(
                f"Background: `image` should be (H, W) uint8, not {form(self.image)}"
            )


class Moment(Protocol):
    """What has moved by one frame of a sequence, as stages ask for it; see ``motion.moment``."""

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
        """Return how far points at rest are displaced by now, px.

        Parameters
        ----------
        at
            Points, complex of any shape, px.
        heart
            Share of the heart's motion that they take; the table moves everything.
        breath
            Share of the breath's motion that they take.
        """

    def place(
        self, x: float, y: float, heart: float = 0.0, breath: float = 0.0
    ) -> tuple[float, float]:
        """Return where a point at rest is by now.

        Parameters
        ----------
        x
            Column of the point, px.
        y
            Row of the point, px.
        heart
            Share of the heart's motion that it takes.
        breath
            Share of the breath's motion that it takes.
        """

    def background(self, shape: tuple[int, int]) -> tuple[Intensities, Intensities]:
        """Return how far the picture behind is displaced at each pixel, x and y ``(H, W)``.

        Parameters
        ----------
        shape
            Height and width of the picture, px.
        """


@dataclass(frozen=True)
class Sample:
    """A picture with its exact truth.

    Until the ``render`` stage, geometry is pending: ``matrix`` maps background pixels to sample
    pixels, ``devices`` are already mapped, ``image`` is still the background and ``mask`` is None.
    Rendering resamples and rasterises once; then ``matrix`` is None and ``mask`` is exact.

    Parameters
    ----------
    image
        Picture, ``(H, W)`` uint8; between the stages ``expose`` and ``display`` intensities in (0,
        1], ``(H, W)`` float32.
    devices
        Instruments, in pixels of the sample; parts may lie outside the frame.
    meta
        Provenance: ids and every scalar drawn, JSON-compatible.
    mask
        Labels, ``(H, W)`` uint8: 0 background, 1 instrument, 255 ignore; None: not rendered yet.
    ignore
        Pixels whose truth is unknown in the background, ``(H, W)`` bool, or None.
    matrix
        Pending geometry, ``(3, 3)`` float64 acting on ``(x, y, 1)``, or None.
    pixels
        Flat indices of the instrument pixels, each once, ``(k,)`` int32, once rendered.
    contrast
        Brightness that each pixel lacks by the instruments, ``(H, W)`` float32, carried along by
        the stages that know of it; or None.
    moment
        State of a sequence at this frame; None: a picture that stands alone.
    paths
        Rough centrelines of real instruments in the background as it was drawn; no stage but the
        first ones sees them.
    view
        Scale and voltage of the picture as it is by now; None: ``View.usual`` counts.
    span
        Attenuation from black to white of a background that is line integrals; None: it is a
        display's.
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
    view: View | None = None
    span: float | None = None

    @property
    def seen(self) -> View:
        """Scale and voltage that count: those of ``view``, or the usual ones."""
        return self.view or View.usual(max(self.image.shape))

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
        copy, own = object.__new__(Sample), self.__dict__  # dataclasses.replace takes far longer
        values = copy.__dict__
        values.update(own)
        values.update(changes)
        if len(values) > len(own):
            raise TypeError(f"a sample has no {(values.keys() - own.keys()).pop()!r}")
        return copy


def read_only(array: NDArray[T]) -> NDArray[T]:
    """Return a view that cannot be written to: what is drawn from a pool is shared.

    Parameters
    ----------
    array
        Array of any shape.
    """
    view = array.view()
    view.flags.writeable = False
    return view
