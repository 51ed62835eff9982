"""Stages one after another over a picture of one's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import cv2
import numpy as np

from fluorosynth.core.arrays import check_curve, check_picture, form
from fluorosynth.core.rng import Streams
from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.sample import Device, Image, Intensities, Sample, View
from fluorosynth.sampler import STEP_STAGES, STEP_VIEW, check_index, open_streams
from fluorosynth.stages.base import Stage
from fluorosynth.stages.expose import intensity_of_levels
from fluorosynth.stages.order import AT_REST, EXPOSED, GREY, States, states_of
from fluorosynth.view import ViewLaw

SPAN = 2.0  # attenuation from black to white of grey levels that no stage exposes
SHOWN: States = (*AT_REST, *GREY)
LEVELS = np.arange(256.0)
INTENSITIES = intensity_of_levels(SPAN)


def apply(
    stages: Stage | Iterable[Stage],
    image: Image | Intensities,
    devices: Sequence[Device] = (),
    seed: int = 0,
    index: int = 0,
    view: View | ViewLaw | None = None,
) -> Sample:
    """Apply stages to a picture of any size.

    A stage that needs intensities, such as ``Noise``, may be given grey levels: level g is read as
    the intensity exp(-2 (1 - g / 255)), as ``Expose(Constant(2.0))`` does it, and shown again by
    the inverse. Where the stages say ``Expose`` and ``Display`` themselves, these alone hold.

    Parameters
    ----------
    stages
        Stage, or several in order; those of a recipe draw what they draw in the recipe.
    image
        Array ``(H, W)``, sides of 16 to 4096 px: grey levels, uint8 with dense material dark, or
        intensities, float32 from 0 to 1. It is not written to.
    devices
        Instruments in pixels of the picture. ``Render`` draws their mask, ``Attenuate`` and
        ``Jitter`` draw them.
    seed
        Seed of all draws, 0 <= seed < 2**64.
    index
        Number of the sample among those of the seed, 0 <= index < 2**62.
    view
        Scale and voltage of the picture, or the law that they are drawn from, such as a recipe's
        ``view``; None: ``ViewLaw()``.

    Returns
    -------
    The sample: ``image`` of the dtype given, unless ``Expose`` or ``Display`` stood last;
    ``mask`` where there was a ``Render``; ``devices`` moved as the picture; ``meta`` with every
    scalar drawn.

    Raises
    ------
    BadDataError
        For a picture or a device of another shape, dtype or range.
    UsageError
        For what is no stage, or stands in an order that makes no sense.

    Examples
    --------
    >>> from fluorosynth.stages import Noise
    >>> frame = np.full((300, 400), 128, np.uint8)
    >>> noisy = apply(Noise(), frame).image
    >>> noisy.shape, noisy.dtype, bool(noisy.std() > 1)
    ((300, 400), dtype('uint8'), True)
    """
    given = [stages] if isinstance(stages, Stage) else list(stages)
    for stage in given:
        if not isinstance(stage, Stage):
            raise UsageError(f"`stages` should be stages such as Noise(), not {stage!r:.40}")
    check_picture("`image`", image)
    for number, device in enumerate(devices):
        if not isinstance(device, Device):
            raise BadDataError(f"`devices`[{number}] should be a Device, not {form(device)}")
        check_curve(f"`devices`[{number}]", device.centreline, device.width)
    check_index(index)
    streams = open_streams(seed)
    if not isinstance(view, View):
        law = view or ViewLaw()
        view = law.draw(max(image.shape), None, streams.at(index, STEP_VIEW))
    sample = Sample(np.ascontiguousarray(image), tuple(devices), {}, view=view)
    return _run(given, sample, streams, index)


def _run(stages: Sequence[Stage], sample: Sample, streams: Streams, index: int) -> Sample:
    lent = False  # whether the picture is of intensities that were grey levels
    for step, stage in enumerate(stages, STEP_STAGES):
        if not _takes(stage, states_of(sample)):
            if lent and _takes(stage, GREY):
                sample, lent = _displayed(sample), False
            elif (
                sample.image.dtype == np.uint8 and sample.matrix is None and _takes(stage, EXPOSED)
            ):
                sample, lent = _exposed(sample), True
        sample = stage(sample, streams.at(index, step))
        lent = lent and sample.image.dtype == np.float32
    if sample.matrix is not None:
        raise UsageError("the stages move the picture but do not draw it moved: add Render()")
    sample = _displayed(sample) if lent else sample
    return sample.with_(meta={**sample.meta, "devices": [device.id for device in sample.devices]})


def _takes(stage: Stage, states: States) -> bool:
    """Return whether a stage, and what is inside it, takes a sample in one of ``states``."""
    for state in states:
        try:
            stage.follow({state: "what stands"})
        except UsageError:
            continue
        return True
    return False


def _exposed(sample: Sample) -> Sample:
    """Read grey levels as intensities."""
    image: Any = cv2.LUT(sample.image, INTENSITIES)
    contrast = sample.contrast
    if contrast is not None:
        without = np.interp(sample.image + contrast, LEVELS, INTENSITIES[0])
        contrast = (without - image).astype(np.float32)
    return sample.with_(image=image, contrast=contrast)


def _displayed(sample: Sample) -> Sample:
    """Show intensities as the grey levels that they are read from."""
    levels = _levels(sample.image)
    contrast = sample.contrast
    if contrast is not None:
        contrast = (_levels(sample.image + contrast) - levels).astype(np.float32)
    return sample.with_(image=np.rint(levels).astype(np.uint8), contrast=contrast)


def _levels(image: Any) -> Any:
    return np.interp(image, INTENSITIES[0], LEVELS)
