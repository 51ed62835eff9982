"""Labelled X-ray fluoroscopy, made rather than annotated.

>>> from fluorosynth import Recipe
>>> sample = Recipe.preset("paper").sample(seed=0, index=5)
>>> int(sample.mask.max())
1
"""

import lazy_loader

from fluorosynth.core.numba_cache import choose_cache

choose_cache()
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
