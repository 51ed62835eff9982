"""The project's own label file."""

from __future__ import annotations

from pathlib import Path

from fluorosynth.labels.file import read_labels, write_labels
from fluorosynth.labels.formats.shape import Mapping
from fluorosynth.labels.model import Labels


def read(path: Path, mapping: Mapping) -> Labels:  # noqa: ARG001 - it says all by itself
    """Read a label file."""
    return read_labels(path)


def write(labels: Labels, out: Path) -> None:
    """Write a label file."""
    write_labels(out, labels)
