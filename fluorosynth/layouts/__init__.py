"""Public labelled sets as they lie on disk, one layout per file, and what their classes mean."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
