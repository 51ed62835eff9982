"""Sizes changed: means kept, shapes as asked."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fluorosynth.io.square import resized


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_shrinking_by_a_whole_number_averages_areas(height, width, by, seed):
    values = np.random.default_rng(seed).random((height * by, width * by), np.float32)
    expected = values.reshape(height, by, width, by).mean((1, 3))
    np.testing.assert_allclose(resized(values, height, width), expected, atol=1e-5)


def test_enlarging_is_linear_and_keeps_the_dtype():
    found = resized(np.uint8([[0, 100]]), 1, 4)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, [[0, 25, 75, 100]])
    same = np.zeros((3, 5), np.float32)
    assert resized(same, 3, 5) is same
