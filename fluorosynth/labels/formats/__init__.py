"""Labels in the files of other programs: one layout per file, each with ``read`` and ``write``."""

from __future__ import annotations

from fluorosynth.labels.formats.build import Conversion
from fluorosynth.labels.formats.convert import FORMATS, guess_format, read_format, write_format

__all__ = ["FORMATS", "Conversion", "guess_format", "read_format", "write_format"]
