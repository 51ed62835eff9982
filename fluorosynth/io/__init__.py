"""Readers, one per format, behind ``frames.read_frames``."""
