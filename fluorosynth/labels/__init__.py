"""Labels of sequences: curves with a width, frame by frame, in one file."""

from __future__ import annotations

from fluorosynth.labels.file import (
    from_plain,
    parse_labels,
    read_labels,
    to_plain,
    write_labels,
)
from fluorosynth.labels.frames import FrameSequence, check_source
from fluorosynth.labels.model import FrameLabels, Instrument, Labels, Source
from fluorosynth.labels.region import Region
from fluorosynth.labels.schema import json_schema

__all__ = [
    "FrameLabels",
    "FrameSequence",
    "Instrument",
    "Labels",
    "Region",
    "Source",
    "check_source",
    "from_plain",
    "json_schema",
    "parse_labels",
    "read_labels",
    "to_plain",
    "write_labels",
]
