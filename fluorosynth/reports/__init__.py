"""How results are shown: pages that need nothing else, Markdown, plots, numbers for people."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
