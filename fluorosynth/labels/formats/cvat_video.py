"""CVAT's XML for video 1.1: tracks with key frames."""

from __future__ import annotations

from pathlib import Path

from fluorosynth.labels.formats import cvat
from fluorosynth.labels.model import Labels

read = cvat.read


def write(labels: Labels, out: Path) -> None:
    """Write a track per instrument; drawn curves are its key frames.

    Parameters
    ----------
    labels
        Labels to write.
    out
        File or folder to write.
    """
    cvat.write(labels, out, video=True)
