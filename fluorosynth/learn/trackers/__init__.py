"""Experiment trackers that a training can be written to, one per file; none is needed."""
