"""Labelled X-ray fluoroscopy, made rather than annotated.

>>> from fluorosynth import Recipe
>>> sample = Recipe.preset("paper").sample(seed=0, index=5)
>>> int(sample.mask.max())
1
"""

from fluorosynth.errors import FluorosynthError
from fluorosynth.recipe import Recipe
from fluorosynth.sample import Background, Device, Sample
from fluorosynth.sampler import OpenRecipe

__version__ = "0.1.0"

__all__ = [
    "Background",
    "Device",
    "FluorosynthError",
    "OpenRecipe",
    "Recipe",
    "Sample",
    "__version__",
]
