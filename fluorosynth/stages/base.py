"""What a stage is: a frozen dataclass that maps a sample to a new one."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from fluorosynth.core.arrays import check_intensities, form
from fluorosynth.core.component import Component
from fluorosynth.errors import BadDataError
from fluorosynth.geometry.warp import transform
from fluorosynth.sample import Device, Intensities, Matrix, Sample, View
from fluorosynth.stages.order import (
    ANY,
    EXPOSED,
    PENDING,
    PICTURE,
    Flow,
    State,
    States,
    check_sample,
    step,
)

NESTED = 1009  # stages inside one stage at most, less one
Stream = Callable[[int], np.random.Generator]  # points a stage's generator at one of its streams


class Stage(Component, package="fluorosynth.stages"):
    """One step of a recipe. Never writes to its input; draws only from ``rng``.

    ``draws = False`` says that it takes no random number, which saves pointing a stream at it;
    ``fresh = True`` that it draws anew for each frame of a sequence, as noise does. ``takes`` are
    the states that a sample may be in before it, ``gives`` the state after it, None where it stays
    what it was; see ``order``.
    """

    draws: ClassVar[bool] = True
    fresh: ClassVar[bool] = False
    takes: ClassVar[States] = ANY
    gives: ClassVar[State | None] = None

    @abstractmethod
    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the next sample; what was drawn is added to ``meta["steps"]``."""

    def over(self, frames: Sequence[Sample], stream: Stream) -> list[Sample]:
        """Return the next frames of a sequence.

        All see the same draws, so that what is drawn stays as it is and moves by ``sample.moment``
        alone. A frame may depend on those before it, on none after it.

        Parameters
        ----------
        frames
            Frames of the sequence so far, in order.
        stream
            Function that points the stage's generator at one of its streams.
        """
        return [self(frame, stream(t * self.fresh)) for t, frame in enumerate(frames)]

    def follow(self, given: Flow) -> Flow:
        """Return the states that a sample may be in after this stage; see ``order.follow``.

        Parameters
        ----------
        given
            States that a sample may be in before it, and the stage that gave each.
        """
        return step(self, given)


class Geometry(Stage):
    """A stage that moves things: it only multiplies matrices and maps centrelines.

    Several in a row therefore cost one resampling, done by ``render``.
    """

    takes = PENDING
    gives = "moved"

    @abstractmethod
    def draw(
        self, shape: tuple[int, int], rng: np.random.Generator
    ) -> tuple[Matrix, dict[str, Any]]:
        """Return a 3x3 matrix and the scalars that it came from.

        Parameters
        ----------
        shape
            Height and width of the picture, px.
        rng
            Source of all draws.
        """

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Map the devices and leave the picture's own resampling pending."""
        check_sample(self, sample)
        matrix, drawn = self.draw(sample.image.shape, rng)
        return sample.with_(
            devices=tuple([_move(device, matrix) for device in sample.devices]),
            meta=record(sample, self, drawn),
            matrix=matrix if sample.matrix is None else matrix @ sample.matrix,
            paths=(),  # of the background as it was drawn
            view=None if sample.view is None else _magnified(sample.view, matrix),
        )


class Intensity(Stage):
    """A stage that changes grey values of a picture and moves nothing."""

    takes = PICTURE

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Check that the sample is what the stage takes, then apply."""
        check_sample(self, sample)
        return self.apply(sample, rng)

    @abstractmethod
    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return a rendered sample with new grey values.

        Parameters
        ----------
        sample
            Sample that the stage takes.
        rng
            Source of all draws.
        """


def nested(stream: Stream, number: int) -> Stream:
    """Return the streams of a stage inside another: all apart, however deep.

    Parameters
    ----------
    stream
        Streams of the outer stage.
    number
        Place of the stage inside it, from 0.
    """
    return lambda frame: stream(frame * NESTED + number + 1)


def record(sample: Sample, stage: Component, drawn: dict[str, Any]) -> dict[str, Any]:
    """Return the sample's provenance with one more step.

    Parameters
    ----------
    sample
        Sample so far.
    stage
        Stage that was applied.
    drawn
        Scalars that it drew, JSON-compatible.
    """
    steps = [*sample.meta.get("steps", ()), {"kind": stage.kind, **drawn}]
    return {**sample.meta, "steps": steps}


def with_picture(
    sample: Sample,
    stage: Component,
    drawn: dict[str, Any],
    image: Any,
    contrast: Intensities | None,
) -> Sample:
    """Return the rendered sample with a new picture and contrast, and one more step.

    Parameters
    ----------
    sample
        Sample so far.
    stage
        Stage that was applied.
    drawn
        Scalars that it drew, JSON-compatible.
    image
        Picture after it, ``(H, W)``.
    contrast
        Contrast after it, ``(H, W)`` float32, or None.
    """
    return sample.with_(image=image, contrast=contrast, meta=record(sample, stage, drawn))


def about_centre(a: float, b: float, c: float, d: float, shape: tuple[int, int]) -> Matrix:
    """Return the 3x3 matrix that applies [[a, b], [c, d]] about the centre of a picture.

    Parameters
    ----------
    a
        Factor from x to x.
    b
        Factor from y to x.
    c
        Factor from x to y.
    d
        Factor from y to y.
    shape
        Height and width of the picture, px.
    """
    x, y = (shape[1] - 1) / 2, (shape[0] - 1) / 2
    return np.array([[a, b, x - a * x - b * y], [c, d, y - c * x - d * y], [0.0, 0.0, 1.0]])


def _move(device: Device, matrix: Matrix) -> Device:
    """Map a device; its width scales by the root of the area's change."""
    points = transform(device.centreline, matrix)
    width = device.width * np.float32(_magnification(matrix))
    return Device(points, width, device.label, device.id)


def _magnified(view: View, matrix: Matrix) -> View:
    """Return the view of a picture that is moved so: magnified, a pixel shows less of the body."""
    return View(view.mm_per_px / _magnification(matrix), view.kvp)


def _magnification(matrix: Matrix) -> float:
    """Return the root of the change of an area."""
    (a, b, _), (c, d, _), _ = matrix.tolist()
    return math.sqrt(abs(a * d - b * c))


class Detector(Intensity):
    """A stage of the imaging chain: it acts on intensities in (0, 1], float32.

    It stands between ``expose`` and ``display``. What it does to the picture it also does to
    ``sample.contrast``, the share of the picture that the instruments took away.
    """

    takes = EXPOSED

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Act on picture and contrast, and add what was drawn to the provenance."""
        image, contrast, drawn = self.detect(intensities(sample), sample.contrast, rng)
        return with_picture(sample, self, drawn, image, contrast)

    def act(
        self, image: Intensities, contrast: Intensities | None, rng: np.random.Generator
    ) -> tuple[Intensities, Intensities | None, dict[str, Any]]:
        """Do on arrays of one's own, checked, what the stage does to a sample's.

        Parameters
        ----------
        image
            Array ``(H, W)`` float32, intensities.
        contrast
            Array ``(H, W)`` float32, what instruments took away; or None.
        rng
            Generator that all draws come from.

        Returns
        -------
        The next picture, its contrast, and the scalars drawn.

        Raises
        ------
        BadDataError
            For grey levels and other arrays that are no intensities.
        """
        check_intensities(f"`image` of {self.kind!r}", image)
        if contrast is not None and (contrast.dtype, contrast.shape) != (image.dtype, image.shape):
            raise BadDataError(
                f"`contrast` of {self.kind!r} should be {form(image)} as its picture, "
                f"not {form(contrast)}"
            )
        return self.detect(image, contrast, rng)

    @abstractmethod
    def detect(
        self, image: Intensities, contrast: Intensities | None, rng: np.random.Generator
    ) -> tuple[Intensities, Intensities | None, dict[str, Any]]:
        """Return the next picture, its contrast, and the scalars drawn; see ``act``.

        Parameters
        ----------
        image
            Intensities, ``(H, W)`` float32, in (0, 1].
        contrast
            Contrast, ``(H, W)`` float32, or None.
        rng
            Source of all draws.
        """


def intensities(sample: Sample) -> Intensities:
    """Return the picture of a sample that is exposed.

    Parameters
    ----------
    sample
        Sample that a stage of intensities has been given, and takes.
    """
    image: Any = sample.image
    return np.asarray(image)
