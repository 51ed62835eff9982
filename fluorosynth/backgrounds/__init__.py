"""Background sources, one per file."""
