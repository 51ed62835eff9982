"""Device sources, one per file."""
