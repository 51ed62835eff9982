"""From a model and pictures to masks, curves and films."""
