"""Distances are exact, and equal however often and wherever in memory they are computed."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from fluorosynth.metrics.pair import EXACT, distance_to


@pytest.mark.parametrize("shape", [(64, 64), (300, 40), (3, EXACT + 5)])
def test_distances_are_scipys_to_the_last_bit(shape):
    rng = np.random.default_rng(0)
    mask = rng.random(shape) < 3 / max(shape)
    held = []  # so that every result lies elsewhere
    for _ in range(20):
        held.append(np.empty(rng.integers(1, 5000), np.uint8))
        held.append(distance_to(mask))
        assert np.array_equal(held[-1], distance_transform_edt(~mask))
