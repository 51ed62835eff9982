"""Counts of neighbours against counting them one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from fluorosynth.geometry.neighbours import neighbour_counts


@given(arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_counts_are_those_of_a_convolution(skeleton):
    ring = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]])
    expected = ndimage.convolve(skeleton.astype(int), ring, mode="constant")
    np.testing.assert_array_equal(neighbour_counts(skeleton), expected)
    np.testing.assert_array_equal(neighbour_counts(skeleton.astype(np.uint8)), expected)
