"""Instrument-free windows cut out of real frames."""
