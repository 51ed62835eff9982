"""What can be tested, by the words of the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fluorosynth.stress.segmenters import Segmenter


def open_segmenter(
    model: str | None, line: str | None, threshold: float | None, device: str
) -> Segmenter:
    """Return the segmenter: a program, the ridge filter, an ONNX file or a model."""
    from fluorosynth.errors import UsageError
    from fluorosynth.stress.segmenters import Ridge

    if (model is None) == (line is None):
        raise UsageError("name a model or a command, one of them")
    if line is not None:
        from fluorosynth.stress.command import Command

        return Command(line) if threshold is None else Command(line, threshold)
    if model == "sato" and not Path(model).exists():
        return Ridge() if threshold is None else Ridge(threshold)
    if str(model).lower().endswith(".onnx"):
        from fluorosynth.stress.onnx_file import OnnxFile

        return OnnxFile(Path(str(model)), threshold)
    from fluorosynth.learn.prediction.segmenter import ModelSegmenter

    return ModelSegmenter(str(model), device, threshold)
