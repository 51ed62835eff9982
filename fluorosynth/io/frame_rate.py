"""How many frames a second a file was recorded at."""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path
from typing import Any

from fluorosynth.io.guard import untrusted
from fluorosynth.io.names import BY_SUFFIX

FASTEST = 1000.0  # frames a second: what claims more is wrong
RATES = ("CineRate", "RecommendedDisplayFrameRate")  # a second
TIMES = ("FrameTime", "FrameTimeVector")  # ms


def frame_rate(path: Path) -> float | None:
    """Return the frames a second that a file states, or None where it states none.

    DICOM: CineRate, RecommendedDisplayFrameRate, FrameTime or the mean of FrameTimeVector (PS3.3
    C.7.6.5); a video: that of its container.

    Parameters
    ----------
    path
        File of any format of frames.
    """
    kind = BY_SUFFIX.get(path.suffix.lower(), "dicom")
    stated = 0.0
    if kind == "video":
        from fluorosynth.io import video

        with untrusted(path):
            stated = video.rate(path)
    elif kind == "dicom":
        from fluorosynth.io import dicom

        with untrusted(path):
            stated = _of_header(dicom.read_header(path, (*RATES, *TIMES))[0])
    return stated if 0 < stated <= FASTEST else None


def _of_header(header: Any) -> float:
    for keyword in RATES:
        with suppress(TypeError, ValueError):
            if (rate := float(header.get(keyword))) > 0:
                return rate
    for keyword in TIMES:
        with suppress(TypeError, ValueError, ZeroDivisionError):
            value = header.get(keyword)
            times = [float(v) for v in ([value] if isinstance(value, str | float) else value)]
            later = times[1:] or times  # the vector's first is the time before frame 0
            return 1000 / (math.fsum(later) / len(later))
    return 0.0
