"""Procedural anatomy: pure functions that paint attenuation and turn it into a frame.

Everything is float64 until the last rounding: float32 kernels differ in the last bit between
SIMD levels, and that bit would flip grey levels from machine to machine.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
