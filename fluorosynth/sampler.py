"""A recipe at work: sources open for one seed, and the samples that follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol

import numpy as np

from fluorosynth.backgrounds.base import BackgroundSource
from fluorosynth.core.rng import Streams
from fluorosynth.devices.base import Devices, DeviceSource, ScaledDevices
from fluorosynth.errors import UsageError
from fluorosynth.motion.frames import frames_of
from fluorosynth.motion.laws import Motion
from fluorosynth.ranges import pick
from fluorosynth.sample import Device, Sample, View
from fluorosynth.stages.base import Stage
from fluorosynth.stages.expose import exposes
from fluorosynth.stages.render import Render
from fluorosynth.view import ViewLaw

STEP_BACKGROUND, STEP_DEVICES, STEP_STAGES = 0, 1, 2
STEP_MOTION, STEP_VIEW = 2**32, 2**32 + 1  # beyond all stages


class Ingredients(Protocol):
    """What a recipe is made of; see ``Recipe``."""

    @property
    def backgrounds(self) -> tuple[BackgroundSource, ...]:
        """Sources of pictures."""

    @property
    def devices(self) -> tuple[DeviceSource, ...]:
        """Sources of instruments."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """What is done, in order."""

    @property
    def size(self) -> int:
        """Side in px."""

    @property
    def background_odds(self) -> tuple[float, ...]:
        """Relative odds of the sources."""

    @property
    def device_odds(self) -> tuple[float, ...]:
        """Relative odds of the sources."""

    @property
    def frames(self) -> int:
        """Pictures of each sample."""

    @property
    def motion(self) -> Motion:
        """What moves in a sequence."""

    @property
    def view(self) -> ViewLaw:
        """Scale and voltage where the background does not know them."""


class OpenRecipe:
    """A recipe with its sources open, for one seed.

    Parameters
    ----------
    recipe
        Recipe of the samples.
    seed
        Seed of all draws, 0 <= seed < 2**64. What is drawn once per data set depends on it alone.
    """

    def __init__(self, recipe: Ingredients, seed: int) -> None:
        self.recipe = recipe
        self.seed = seed
        self._streams = open_streams(seed)
        self._unused = self._streams.at(0, 0)  # for stages that draw nothing
        self._exposes = exposes(recipe.stages)
        self._backgrounds = [
            (s.open_lines if self._exposes else s.open)(recipe.size, seed)
            for s in recipe.backgrounds
        ]
        self._devices = [s.open(recipe.size, seed) for s in recipe.devices]
        self._draws = [_drawing(source) for source in self._devices]
        self._background_odds = recipe.background_odds
        self._device_odds = recipe.device_odds

    @property
    def fingerprint(self) -> list[str]:
        """The sources' fingerprints: what the samples depend on beside the recipe's text."""
        backgrounds = [source.fingerprint for source in self._backgrounds]
        return backgrounds + [source.fingerprint for source in self._devices]

    @property
    def skipped(self) -> tuple[str, ...]:
        """What sources left out because it could not be read, one sentence each."""
        sources = [*self._backgrounds, *self._devices]
        return tuple(said for source in sources for said in getattr(source, "skipped", ()))

    def sample(self, index: int) -> Sample:
        """Return one sample as a single picture; see ``Recipe.sample``.

        Parameters
        ----------
        index
            Number of the sample, 0 <= index < 2**62.
        """
        sample = self._begin(index)
        for step, stage in enumerate(self.recipe.stages, STEP_STAGES):
            rng = self._streams.at(index, step) if stage.draws else self._unused
            sample = stage(sample, rng)
        return _finished(sample, self._exposes)

    def sequence(self, index: int) -> tuple[Sample, ...]:
        """Return the pictures of one sample, ``recipe.frames`` of them.

        Parameters
        ----------
        index
            Number of the sample, 0 <= index < 2**62.
        """
        return self._frames(index, self.recipe.frames)

    def frame(self, index: int, t: int) -> Sample:
        """Return one picture of a sample: that of ``sequence``, without those after it.

        Parameters
        ----------
        index
            Number of the sample, 0 <= index < 2**62.
        t
            Number of the frame, from 0.
        """
        if not 0 <= t < self.recipe.frames:
            raise UsageError(f"a sequence of {self.recipe.frames} frames has no frame {t}")
        return self._frames(index, t + 1)[t]

    def _begin(self, index: int) -> Sample:
        """Draw a background and instruments."""
        check_index(index)
        rng = self._streams.at(index, STEP_BACKGROUND)
        source = self._backgrounds[pick(len(self._backgrounds), self._background_odds, rng)]
        background = source.draw(rng)
        rng = self._streams.at(index, STEP_VIEW)
        view = self.recipe.view.draw(self.recipe.size, background, rng)
        rng = self._streams.at(index, STEP_DEVICES)
        devices = self._draws[pick(len(self._draws), self._device_odds, rng)](view, rng)
        return Sample(
            background.image,
            devices,
            {"background": background.id, "devices": [d.id for d in devices]},
            ignore=background.ignore,
            paths=background.paths,
            view=view,
            span=background.span,
        )

    def _frames(self, index: int, count: int) -> tuple[Sample, ...]:
        """Return the first frames of a sequence: geometry at rest, what moves, the rest."""
        if self.recipe.frames == 1:
            return (self.sample(index),)
        at, stages = self._streams.at, self.recipe.stages
        still = self._begin(index)
        steps = [step for step, stage in enumerate(stages) if isinstance(stage, Render)]
        rendering = steps[0] if steps else len(stages)
        for step, stage in enumerate(stages[:rendering], STEP_STAGES):
            still = stage(still, at(index, step))
        course = self.recipe.motion.draw(still, at(index, STEP_MOTION))
        frames = frames_of(course, still, count)
        for step, stage in enumerate(stages[rendering:], STEP_STAGES + rendering):
            frames = stage.over(frames, partial(at, index, step))
        return tuple(_finished(frame, self._exposes) for frame in frames)

    def __iter__(self) -> Iterator[Sample]:
        """Iterate over all samples, from index 0, without end."""
        index = 0
        while True:
            yield self.sample(index)
            index += 1


def open_streams(seed: int) -> Streams:
    """Return the streams of a seed.

    Parameters
    ----------
    seed
        Seed, 0 <= seed < 2**64.

    Raises
    ------
    UsageError
        For another number.
    """
    try:
        return Streams(seed)
    except ValueError as error:
        raise UsageError(str(error)) from None


def check_index(index: int) -> None:
    """Refuse what is no index of a sample.

    Parameters
    ----------
    index
        Number in question, 0 <= index < 2**62.

    Raises
    ------
    UsageError
        For another number.
    """
    if not 0 <= index < 2**62:
        raise UsageError(f"index must be in [0, 2**62), not {index}")


def _drawing(
    source: Devices,
) -> Callable[[View, np.random.Generator], tuple[Device, ...]]:
    """Return how a source draws, told the scale of the picture if it asks for it."""
    if isinstance(source, ScaledDevices):
        return source.draw_at
    return partial(_draw_unscaled, source)


def _draw_unscaled(
    source: Devices,
    view: View,  # noqa: ARG001
    rng: np.random.Generator,
) -> tuple[Device, ...]:
    return source.draw(rng)


def _finished(sample: Sample, exposed: bool) -> Sample:
    """Name the instruments that the sample ended with, and its view where anything was exposed."""
    ids = [device.id for device in sample.devices]
    if sample.meta["devices"] != ids:  # a stage added or moved some
        sample.meta["devices"] = ids
    if exposed and sample.view is not None:
        sample.meta["view"] = {"mm_per_px": sample.view.mm_per_px, "kvp": sample.view.kvp}
    return sample
