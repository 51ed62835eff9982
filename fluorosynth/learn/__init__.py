"""Everything that needs PyTorch: networks, training, evaluation, prediction."""

import lazy_loader

from fluorosynth.errors import extra as _extra

with _extra("train", "training and prediction need PyTorch"):
    import torch as _torch  # noqa: F401 - the one place that says how to get it

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
