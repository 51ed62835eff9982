"""A stage of one's own: noise whose strength is drawn for each picture.

    python own_stage.py

From Python the class is all it takes. For recipes in TOML, name it in the pyproject.toml of an
installed package, under the kind that the class states:

    [project.entry-points."fluorosynth.stages"]
    grain = "own_stage:Grain"
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fluorosynth import Recipe, Sample
from fluorosynth.ranges import Range, Uniform
from fluorosynth.stages.base import Intensity, record


@dataclass(frozen=True)
class Grain(Intensity, kind="grain"):
    """Add Gaussian noise, ``sigma`` grey levels strong."""

    sigma: Range = Uniform(2.0, 8.0)

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return a noisier picture; curves and mask stay as they are."""
        sigma = self.sigma.draw(rng)
        noisy = sample.image + rng.normal(0.0, sigma, sample.image.shape)
        image = np.rint(noisy.clip(0, 255)).astype(np.uint8)
        return sample.with_(image=image, meta=record(sample, self, {"sigma": sigma}))


if __name__ == "__main__":
    paper = Recipe.preset("paper")
    noisy = replace(paper, stages=(*paper.stages, Grain()))
    sample = noisy.sample(seed=0, index=5)
    print(sample.image.shape, sample.meta["steps"][-1])
