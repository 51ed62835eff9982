"""Predicted curves as a label file: what a person may accept, correct or drop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fluorosynth.labels.frames import FrameSequence
from fluorosynth.labels.model import FrameLabels, Instrument, Labels


def suggested(curves: Sequence[Mapping[str, Any]], path: Path) -> Labels:
    """Return what ``centrelines`` found in the frames of a file as labels.

    Parameters
    ----------
    curves
        Curves of all frames, as ``centrelines`` returns them.
    path
        File of the frames.

    Returns
    -------
    Labels
        Curves of origin ``suggested``. That a model finds nothing is no statement: such a frame
        is not listed.
    """
    frames: dict[int, list[Instrument]] = defaultdict(list)
    for curve in curves:
        found = frames[curve["frame"]]
        found.append(
            Instrument(
                np.array(curve["points"], np.float32),
                np.array(curve["width"], np.float32),
                f"{curve['label']}_{curve['instrument']}",
                curve["label"],
                curve["tip"] is not None,
                "suggested",
            )
        )
    known = tuple(FrameLabels(index, tuple(frames[index])) for index in sorted(frames))
    return Labels(FrameSequence(path).source, known)
