"""What the stages of objects share: which a picture has, and the shadows that they cast."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from fluorosynth.geometry.tubes import Tube, union
from fluorosynth.ranges import Range, draw_within, happening
from fluorosynth.sample import Sample
from fluorosynth.stages.base import Intensity, intensities, with_picture
from fluorosynth.xray.beer_lambert import add, attenuated


def with_objects(
    stage: Intensity,
    sample: Sample,
    rng: np.random.Generator,
    kinds: Iterable[str],
    draw: Callable[[str], tuple[list[Tube], float]],
    strength: Range,
) -> Sample:
    """Return the sample with the objects drawn that it happens to have, by Beer-Lambert.

    Parameters
    ----------
    stage
        Stage at work; its field of a kind's name is that kind's probability.
    sample
        Exposed sample.
    rng
        Source of all draws.
    kinds
        Names of the kinds of objects.
    draw
        Function from a kind to its tubes, px, and the attenuation of its matter, 1/mm.
    strength
        Factor on the attenuation of each object.
    """
    image = intensities(sample)
    names, total = happening(stage, list(kinds), rng), None
    for name in names:
        factor = draw_within(0, 1e3, strength, f"{stage.kind}: strength", rng)
        tubes, mu = draw(name)
        total = add(total, union(tubes, image.shape), mu * sample.seen.mm_per_px * factor)
    if total is None:
        return sample
    darker = attenuated(image, total)
    return with_picture(sample, stage, {"objects": names}, darker, sample.contrast)
