"""Pure functions over curves and grids: pixels of a curve, one resampling, arc length."""
