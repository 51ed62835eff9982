"""What can be tested, by the words of the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fluorosynth_cli.learn_options import loading
from fluorosynth_cli.progress import counted_on

if TYPE_CHECKING:
    from fluorosynth.stress.segmenters import Segmenter


def open_segmenter(
    model: str | None, line: str | None, threshold: float | None, device: str, quiet: bool = False
) -> Segmenter:
    """Return the segmenter: a program, the ridge filter, an ONNX file or a model."""
    from fluorosynth.errors import UsageError
    from fluorosynth.stress.segmenters import Ridge

    if (model is None) == (line is None):
        raise UsageError("name a model or a command, one of them")
    if line is not None:
        from fluorosynth.stress.command import Command

        told = None if quiet else _files_bar()
        return Command(line, 0.5 if threshold is None else threshold, told)
    if model == "sato" and not Path(model).exists():
        return Ridge() if threshold is None else Ridge(threshold)
    if str(model).lower().endswith(".onnx"):
        from fluorosynth.stress.onnx_file import OnnxFile

        return OnnxFile(Path(str(model)), threshold)
    loading(quiet or "torch" in sys.modules)  # a command may have said so
    from fluorosynth.learn.prediction.segmenter import ModelSegmenter

    return ModelSegmenter(str(model), device, threshold)


def _files_bar() -> Callable[[int, int], object]:
    """Return a function that shows how many files a program has written."""
    from tqdm import tqdm

    return counted_on(
        tqdm(total=0, unit="file", desc="the program", leave=False, file=sys.stderr, delay=1)
    )
