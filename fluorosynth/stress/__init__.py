"""Where a segmenter breaks: one property of a picture at a time, all others held."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
