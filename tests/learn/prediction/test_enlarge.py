"""A larger map says the same: what lies above a threshold keeps its width."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluorosynth.io.square import resized
from fluorosynth.learn.prediction.enlarge import LEAST, map_at


@pytest.mark.parametrize("threshold", [0.05, 0.2, 0.5, 0.8])
@pytest.mark.parametrize("factor", [2, 4, 8])
def test_a_bar_keeps_its_width_at_any_threshold(threshold, factor):
    found = np.zeros((32, 32), np.float32)
    found[:, 10:16] = 1
    larger = map_at(found, 32 * factor, 32 * factor)
    width = (larger > threshold).sum(1) / factor
    # Log odds run from -6.9 to 6.9 over a pixel: that of the threshold lies so far from the middle
    off = np.log(threshold / (1 - threshold)) / (2 * np.log((1 - LEAST) / LEAST))
    assert np.abs(width - (6 - 2 * off)).max() <= 2 / factor
    assert np.abs(off) < 0.22


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_a_smaller_map_is_the_mean_over_areas(height, width, seed):
    found = np.random.default_rng(seed).random((40, 40), np.float32)
    assert np.array_equal(map_at(found, height, width), resized(found, height, width))


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_a_map_stays_a_map(height, width, seed):
    rng = np.random.default_rng(seed)
    found = (rng.random((20, 30)) > 0.5).astype(np.float32)
    other = map_at(found, height, width)
    assert other.shape == (height, width)
    assert other.dtype == np.float32
    assert other.min() >= 0
    assert other.max() <= 1
