"""Pure functions over curves and grids: pixels of a curve, one resampling, arc length."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
