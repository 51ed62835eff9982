"""Stages, one per file."""
