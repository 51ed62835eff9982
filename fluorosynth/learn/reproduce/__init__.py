"""The publication's experiments, all of them, on its data or on a surrogate made here."""
