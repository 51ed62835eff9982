"""Digitally reconstructed radiographs: a CT seen by a C-arm."""
