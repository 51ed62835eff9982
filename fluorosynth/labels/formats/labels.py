"""The project's own label file."""

from __future__ import annotations

from pathlib import Path

from fluorosynth.labels.file import read_labels, write_labels
from fluorosynth.labels.formats.build import Conversion
from fluorosynth.labels.model import Labels


def read(path: Path, conversion: Conversion) -> Labels:  # noqa: ARG001 - it says all by itself
    """Read a label file.

    Parameters
    ----------
    path
        File or folder.
    conversion
        Meaning of its classes, and what it does not say.
    """
    return read_labels(path)


def write(labels: Labels, out: Path) -> None:
    """Write a label file.

    Parameters
    ----------
    labels
        Labels to write.
    out
        File or folder to write.
    """
    write_labels(out, labels)
