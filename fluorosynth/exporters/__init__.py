"""Exporters, one per file."""
