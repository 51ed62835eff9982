"""The shard format: one HDF5 file of samples, written once, checked for ever. See docs/format.md.

Nothing else in the generator imports h5py.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
