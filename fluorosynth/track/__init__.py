"""Curves followed through a sequence of frames, with a confidence for each point and frame."""

from __future__ import annotations

from fluorosynth.track.config import TrackConfig
from fluorosynth.track.snap import Snapped, snap
from fluorosynth.track.track import steps, track
from fluorosynth.track.width import measure_width

__all__ = ["Snapped", "TrackConfig", "measure_width", "snap", "steps", "track"]
