"""Everything that needs PyTorch: networks, training, evaluation, prediction."""

import lazy_loader

try:
    import torch as _torch  # noqa: F401 - the one place that says how to get it
except ImportError as error:
    from fluorosynth.errors import MissingExtraError

    raise MissingExtraError(
        "training and prediction need PyTorch: pip install 'fluorosynth[train]'"
    ) from error

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
